//! File systems of our own: an ext4 in a file, whose power can be cut, and a small one in memory.
//!
//! A power cut is the ioctl `EXT4_IOC_SHUTDOWN` without a last flush: from then on the file system
//! writes nothing, and what was not forced to the disk before is gone when it is mounted again.
//! Nothing stays mounted: not after a panic (`Drop`), and what a killed run has left goes at the next.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::server::Folder;
use crate::support::waiting::{SOON, until};

/// `EXT4_IOC_SHUTDOWN` and its flag for "without flushing the log"; perl is on every Debian, and no
/// unsafe code is needed here.
const CUT: &str = "open(F, '<', $ARGV[0]) or die $!; my $f = pack('L', 2); \
                   ioctl(F, 0x8004587d, $f) or die $!;";

fn run(program: &str, args: &[&str]) -> Result<(), String> {
    let done = Command::new(program).args(args).stdin(Stdio::null()).output();
    match done {
        Ok(done) if done.status.success() => Ok(()),
        Ok(done) => Err(format!("{program}: {}", String::from_utf8_lossy(&done.stderr).trim())),
        Err(fault) => Err(format!("{program}: {fault}")),
    }
}

/// A mounted file system.
#[derive(Debug)]
pub struct Disk {
    folder: Folder,
    /// Where it is mounted.
    pub path: PathBuf,
}

impl Disk {
    /// An ext4 of 256 MiB in a file; otherwise why there is none.
    pub fn ext4() -> Result<Self, String> {
        let disk = Self::empty();
        let image = disk.image();
        let file = fs::File::create(&image).map_err(|fault| fault.to_string())?;
        file.set_len(256 << 20).map_err(|fault| fault.to_string())?;
        run("mkfs.ext4", &["-q", "-F", &image])?;
        disk.mount()?;
        Ok(disk)
    }

    /// A file system in memory of so many MiB; otherwise why there is none.
    pub fn memory(mib: u32) -> Result<Self, String> {
        let disk = Self::empty();
        let (size, path) = (format!("size={mib}m"), disk.path.display().to_string());
        run("mount", &["-t", "tmpfs", "-o", &size, "tbb", &path])?;
        Ok(disk)
    }

    fn empty() -> Self {
        unmount_of_the_dead();
        let folder = Folder::new();
        let path = folder.0.join("disk");
        fs::create_dir_all(&path).expect("a folder in the temporary folder");
        Self { folder, path }
    }

    fn image(&self) -> String {
        self.folder.0.join("image").display().to_string()
    }

    /// Mounts it, again after a cut: the file system replays its log then.
    pub fn mount(&self) -> Result<(), String> {
        run("mount", &["-o", "loop", &self.image(), &self.path.display().to_string()])
    }

    /// Writes out all that is in memory: what was set up is not under test.
    pub fn sync(&self) {
        run("sync", &["-f", &self.path.display().to_string()])
            .expect("the file system is written out");
    }

    /// Cuts the power.
    pub fn cut(&self) {
        run("perl", &["-e", CUT, &self.path.display().to_string()]).expect("the power is cut");
    }

    /// Unmounts it; nobody may have a file open in it.
    pub fn unmount(&self) {
        until(SOON, "the end of the file system", || {
            run("umount", &[&self.path.display().to_string()]).ok()
        });
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        run("umount", &["-l", &self.path.display().to_string()]).ok();
    }
}

/// What runs that were killed have left. The loop device goes with its file system.
fn unmount_of_the_dead() {
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    let ours = std::env::temp_dir().join("tbb-").display().to_string();
    for path in mounts.lines().filter_map(|line| line.split(' ').nth(1)) {
        let pid = path.strip_prefix(&ours).and_then(|rest| rest.split('-').next());
        if pid.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            run("umount", &["-l", path]).ok();
        }
    }
}
