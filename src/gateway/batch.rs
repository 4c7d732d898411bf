//! A batch as it comes over the wire: records of PROTOCOL §9, or JSON. Reads any bytes; what of them is
//! no batch is refused as a whole, and a bad record alone.

use serde::Deserialize;
use serde_json::Value;
use tiande_actors::court::Whom;
use tiande_actors::officer::Record;

use crate::sockets::incoming::FixIn;
use crate::sockets::records;

/// Most records of a batch.
pub const RECORDS_MAX: usize = 500;

/// The whole is no batch of 1 to [`RECORDS_MAX`] records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoBatch;

/// A batch in JSON; each record is read by itself.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchIn {
    /// Grows each time the gateway counts anew.
    #[serde(default)]
    pub epoch: u32,
    /// The records.
    pub fixes: Vec<Value>,
}

/// What else a gateway writes into a record is its own affair.
#[derive(Deserialize)]
struct RecordIn {
    officer: String,
    #[serde(flatten)]
    fix: FixIn,
}

/// Reads records of PROTOCOL §9; officers go by their numbers.
///
/// # Errors
/// [`NoBatch`]; also for one that is said to be sent ahead, which a gateway has no use for.
pub fn read_binary(bytes: &[u8]) -> Result<Vec<Record>, NoBatch> {
    let (head, records) = records::read(bytes, RECORDS_MAX).ok_or(NoBatch)?;
    if head.ahead {
        return Err(NoBatch);
    }
    Ok(records.map(|r| Record::Of(Whom::Number(r.number), r.fix(&head))).collect())
}

/// Reads a batch in JSON; officers go by their ids.
///
/// # Errors
/// [`NoBatch`] for one without records, or with too many.
pub fn read_json(batch: BatchIn) -> Result<Vec<Record>, NoBatch> {
    let BatchIn { epoch, fixes } = batch;
    if !(1..=RECORDS_MAX).contains(&fixes.len()) {
        return Err(NoBatch);
    }
    Ok(fixes.into_iter().map(|value| record_of(epoch, value)).collect())
}

fn record_of(epoch: u32, value: Value) -> Record {
    let Ok(RecordIn { officer, fix }) = serde_json::from_value(value) else {
        return Record::Invalid;
    };
    match officer.parse() {
        Ok(officer) => Record::Of(Whom::Id(officer), fix.fix(epoch)),
        Err(_no_id) => Record::Invalid,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;
    use tiande_core::officer::Fix;
    use tiande_core::time::UnixMillis;

    use super::*;
    use crate::sockets::records::{HEAD_LEN, RECORD_LEN};

    const SOMEBODY: &str = "00000000-0000-0000-0000-000000000007";

    fn json_batch(fixes: Vec<Value>) -> Result<Vec<Record>, NoBatch> {
        read_json(serde_json::from_value(json!({"epoch": 3, "fixes": fixes})).expect("a batch"))
    }

    fn good(seq: u32) -> Value {
        json!({"officer": SOMEBODY, "seq": seq, "taken_at": 9, "lat": 35.2, "lon": 114.6,
            "accuracy_m": 5.0, "speed_mps": 1.5, "heading_deg": 90.0, "battery": 0.4})
    }

    #[test]
    fn a_bad_record_is_bad_alone() {
        let bad = [
            json!(7),
            json!({}),
            json!({"officer": "x", "seq": 1, "taken_at": 9, "lat": 35.2, "lon": 114.6}),
            json!({"officer": SOMEBODY, "seq": -1, "taken_at": 9, "lat": 35.2, "lon": 114.6}),
            json!({"officer": SOMEBODY, "seq": 1, "taken_at": "now", "lat": 35.2, "lon": 114.6}),
        ];
        let nowhere =
            json!({"officer": SOMEBODY, "seq": 2, "taken_at": 9, "lat": 91.0, "lon": 114.6});
        let mut fixes = bad.to_vec();
        fixes.extend([nowhere, good(3)]);
        let records = json_batch(fixes).expect("a batch");
        assert_eq!(records[..bad.len()], vec![Record::Invalid; bad.len()]);
        let whom = Whom::Id(SOMEBODY.parse().expect("an id"));
        assert_eq!(records[bad.len()], Record::Of(whom, Err((3, 2))));
        let Record::Of(of, Ok(fix)) = &records[bad.len() + 1] else { unreachable!("{records:?}") };
        assert_eq!((*of, fix.order(), fix.taken_at), (whom, (3, 3), UnixMillis(9)));
    }

    #[test]
    fn the_number_of_records_is_bounded() {
        assert_eq!(json_batch(Vec::new()), Err(NoBatch));
        assert_eq!(json_batch(vec![good(1); RECORDS_MAX]).map(|all| all.len()), Ok(RECORDS_MAX));
        assert_eq!(json_batch(vec![good(1); RECORDS_MAX + 1]), Err(NoBatch));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_batch_or_none(
            head in prop::collection::vec(any::<u8>(), HEAD_LEN),
            good_head in any::<bool>(),
            body in prop::collection::vec(any::<u8>(), 0..RECORD_LEN * 6),
        ) {
            let mut bytes = head;
            if good_head {
                bytes[..4].copy_from_slice(&[1, 1, 0, 0]);
            }
            bytes.extend(&body);
            match read_binary(&bytes) {
                Ok(records) => {
                    prop_assert_eq!(&bytes[..4], &[1, 1, 0, 0]);
                    prop_assert_eq!(records.len() * RECORD_LEN, body.len());
                    let epoch = u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]);
                    for (record, raw) in records.iter().zip(body.chunks(RECORD_LEN)) {
                        let number = u32::from_le_bytes([raw[0], raw[1], raw[2], raw[3]]);
                        let seq = u32::from_le_bytes([raw[4], raw[5], raw[6], raw[7]]);
                        let Record::Of(whom, what) = record else { unreachable!("{record:?}") };
                        prop_assert_eq!(*whom, Whom::Number(number));
                        let order = what.as_ref().map_or_else(|order| *order, Fix::order);
                        prop_assert_eq!(order, (epoch, seq));
                        if let Ok(fix) = what {
                            prop_assert!(fix.at.lat().abs() <= 90.0 && fix.at.lon().abs() <= 180.0);
                        }
                    }
                }
                Err(NoBatch) => prop_assert!(
                    bytes[..4] != [1, 1, 0, 0] || body.is_empty() || body.len() % RECORD_LEN != 0
                ),
            }
        }

        #[test]
        fn any_json_is_read_to_its_end(text in "[\\[\\]{}\",:0-9a-z.eE+-]{0,200}") {
            if let Ok(value) = serde_json::from_str::<Value>(&text) {
                let whole = json!({"fixes": [value]});
                let batch: BatchIn = serde_json::from_value(whole).expect("the frame of a batch");
                prop_assert_eq!(read_json(batch).map(|all| all.len()), Ok(1));
            }
        }
    }
}
