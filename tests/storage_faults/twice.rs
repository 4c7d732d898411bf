//! Two servers on one data folder (F28).

use std::time::Duration;

use crate::driver::{Driver, Store};

#[test]
fn a_second_server_on_the_same_folder_refuses_until_the_first_is_gone() {
    let mut driver = Driver::start(Store::Sqlite, None, "").expect("SQLite is built in");
    assert_eq!(driver.send_one().map(|(status, _)| status), Some(202));
    let (status, said) = driver.server.try_start(Duration::from_secs(10));
    assert_eq!(status.and_then(|status| status.code()), Some(75), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("another tiande works on this data folder"), "{said}");
    // The first does not mind.
    assert_eq!(driver.send_one().map(|(status, _)| status), Some(202));
    driver.server.kill();
    let counts = driver.start_and_check(None);
    assert!(counts.is_clean() && counts.acked == 2, "{counts:?}");
}
