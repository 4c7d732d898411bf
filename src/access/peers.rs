//! Where a request comes from, and how much of something one place may take.
//!
//! What strangers can use up (places where passwords are hashed, large bodies, enrolments) is counted
//! in all and for each network, so that no single network can take everything.
//!
//! **Not here:** who somebody is; a network proves nothing.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::HttpRequest;
use actix_web::http::header::{HeaderMap, X_FORWARDED_FOR};

use crate::config::Config;

/// The network of a peer: 24 bits of an IPv4 address, 56 bits of an IPv6 one, which is what one
/// customer usually gets. An address alone would be as easy to change as a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PeerNetwork {
    /// The first three bytes.
    V4([u8; 3]),
    /// The first seven bytes.
    V6([u8; 7]),
    /// The connection does not say; all of those are one network.
    Unknown,
}

impl PeerNetwork {
    /// The network a request comes from: of its connection, or, when that is one of the configured
    /// proxies, of the address that proxy names.
    #[must_use]
    pub fn of(config: &Config, request: &HttpRequest) -> Self {
        let Some(peer) = request.peer_addr() else { return Self::Unknown };
        let peer = peer.ip().to_canonical();
        Self::from(origin_of(peer, &config.trusted_proxies, request.headers()))
    }

    /// Its bytes, for keyed hashes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::V4(bytes) => bytes,
            Self::V6(bytes) => bytes,
            Self::Unknown => &[],
        }
    }
}

impl From<IpAddr> for PeerNetwork {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => {
                let [a, b, c, _] = address.octets();
                Self::V4([a, b, c])
            }
            IpAddr::V6(address) => {
                let [a, b, c, d, e, f, g, ..] = address.octets();
                Self::V6([a, b, c, d, e, f, g])
            }
        }
    }
}

/// Goes back through the proxies that are trusted. Each adds the address it saw at the end of
/// `X-Forwarded-For`; what stands before the first address that is no proxy of ours can be invented.
fn origin_of(peer: IpAddr, proxies: &[IpAddr], headers: &HeaderMap) -> IpAddr {
    let is_proxy = |address: &IpAddr| proxies.iter().any(|proxy| proxy.to_canonical() == *address);
    if !is_proxy(&peer) {
        return peer;
    }
    let mut named = Vec::new();
    for value in headers.get_all(X_FORWARDED_FOR) {
        named.extend(value.to_str().unwrap_or_default().split(','));
    }
    let mut nearest = peer;
    for text in named.iter().rev() {
        let Ok(address) = text.trim().parse::<IpAddr>() else { break };
        nearest = address.to_canonical();
        if !is_proxy(&nearest) {
            break;
        }
    }
    nearest
}

/// A number of places, of which one network gets only a part.
#[derive(Debug)]
pub struct Places {
    all: usize,
    each: usize,
    taken: Mutex<Taken>,
    gauge: metrics::Gauge,
    refused: metrics::Counter,
}

/// Only networks that hold a place are in the map: it is never larger than `all`.
#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by: BTreeMap<PeerNetwork, usize>,
}

/// A place that is held; dropping gives it back.
#[derive(Debug)]
pub struct Place {
    of: Arc<Places>,
    network: Option<PeerNetwork>,
}

impl Places {
    /// `all` places, at most `each` for one network. `door` names the gauge of those that are taken
    /// and the counter of those refused.
    #[must_use]
    pub fn new(door: &'static str, all: usize, each: usize) -> Arc<Self> {
        Arc::new(Self {
            all,
            each,
            taken: Mutex::default(),
            gauge: metrics::gauge!("tiande_places_taken", "door" => door),
            refused: metrics::counter!("tiande_places_refused_total", "door" => door),
        })
    }

    /// A place at once, or none. Without a network it counts towards all of them only: that is for
    /// what the operator does.
    pub fn take(self: &Arc<Self>, network: Option<PeerNetwork>) -> Option<Place> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let of_network = network.and_then(|network| taken.by.get(&network)).copied().unwrap_or(0);
        if taken.all >= self.all || of_network >= self.each {
            self.refused.increment(1);
            return None;
        }
        taken.all += 1;
        if let Some(network) = network {
            taken.by.insert(network, of_network + 1);
        }
        self.gauge.increment(1.0);
        Some(Place { of: Arc::clone(self), network })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.of.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        if let Some(network) = self.network {
            match taken.by.get_mut(&network) {
                Some(count) if *count > 1 => *count -= 1,
                _ => drop(taken.by.remove(&network)),
            }
        }
        self.of.gauge.decrement(1.0);
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn network(text: &str) -> PeerNetwork {
        PeerNetwork::from(ip(text))
    }

    #[test]
    fn neighbours_are_one_network_in_either_spelling() {
        assert_eq!(network("203.0.113.7"), network("203.0.113.200"));
        assert_ne!(network("203.0.113.7"), network("203.0.114.7"));
        assert_eq!(network("::ffff:203.0.113.7"), network("203.0.113.7"));
        assert_eq!(network("2001:db8:0:100::1"), network("2001:db8:0:1ff::2"));
        assert_ne!(network("2001:db8:0:100::1"), network("2001:db8:0:200::1"));
    }

    #[test]
    fn only_a_trusted_proxy_may_name_another_address() {
        let named = |values: &[&'static str]| {
            let mut map = HeaderMap::new();
            for value in values {
                map.append(X_FORWARDED_FOR, HeaderValue::from_static(value));
            }
            map
        };
        let (proxy, second, client) = (ip("127.0.0.1"), ip("10.0.0.1"), ip("203.0.113.7"));
        let plain = named(&["203.0.113.7"]);
        assert_eq!(origin_of(proxy, &[], &plain), proxy, "nothing is configured");
        assert_eq!(origin_of(client, &[proxy], &named(&["192.0.2.1"])), client, "a stranger");
        assert_eq!(origin_of(proxy, &[proxy], &plain), client);
        // What the client wrote itself stands further to the left.
        assert_eq!(origin_of(proxy, &[proxy], &named(&["192.0.2.1, 203.0.113.7"])), client);
        assert_eq!(origin_of(proxy, &[proxy], &named(&["192.0.2.1", "203.0.113.7"])), client);
        let through = named(&["192.0.2.1, 203.0.113.7, 10.0.0.1"]);
        assert_eq!(origin_of(proxy, &[proxy, second], &through), client);
        assert_eq!(origin_of(proxy, &[proxy], &named(&["nonsense"])), proxy);
        assert_eq!(origin_of(proxy, &[proxy], &HeaderMap::new()), proxy);
    }

    #[test]
    fn one_network_cannot_take_all_places() {
        let places = Places::new("test", 3, 2);
        let (here, there) = (network("203.0.113.7"), network("198.51.100.7"));
        let first = places.take(Some(here)).expect("room");
        let _second = places.take(Some(here)).expect("room");
        assert!(places.take(Some(here)).is_none());
        let _third = places.take(Some(there)).expect("room");
        assert!(places.take(Some(there)).is_none() && places.take(None).is_none());
        drop(first);
        let again = places.take(Some(here)).expect("room again");
        drop(again);
        drop(places.take(None).expect("room for the operator"));
        assert_eq!(places.taken.lock().expect("whole").by.len(), 2);
    }
}
