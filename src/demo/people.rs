//! Names and cases of the demo. All invented.

use serde_json::{Value, json};

/// The officer that the newcomer is.
pub const YOURS: &str = "王建国";

const FAMILY: [&str; 16] = [
    "张", "李", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "马", "朱", "胡", "郭", "何",
];
const GIVEN: [&str; 8] = ["伟", "敏", "静", "强", "磊", "洋", "艳", "勇"];

/// The name of the n-th officer who moves by itself; all differ for n < 128.
pub fn officer(n: usize) -> String {
    let family = FAMILY[n % FAMILY.len()];
    let given = GIVEN[(n / FAMILY.len() + n) % GIVEN.len()];
    format!("{family}{given}")
}

/// What demo tips say, with their kinds.
pub const TIPS: [(&str, &str); 6] = [
    ("debtor_sighted", "申请人来电：被执行人刚进入小区，车辆停在北门。"),
    ("asset_sighted", "发现被执行人名下挂车停放在物流园内。"),
    ("obstruction", "查封现场有人围堵，请求支援。"),
    ("debtor_sighted", "被执行人在乡镇集市摆摊，人还在现场。"),
    ("other", "邻居反映被执行人今晚在家。"),
    ("asset_sighted", "厂区正在连夜搬运已查封设备。"),
];

/// Case numbers of the demo.
pub fn case_number(n: usize) -> String {
    format!("(2026)豫0783执{}号", 101 + n)
}

/// Cases with parties.
pub fn cases() -> Value {
    let parties =
        [("河南某起重机械有限公司", "赵某"), ("孙某", "长垣某防腐公司"), ("李某", "郑某")];
    let cases: Vec<Value> = (0..12)
        .map(|n| {
            let (applicant, debtor) = parties[n % parties.len()];
            json!({"number": case_number(n), "parties": [
                {"role": "applicant", "name": applicant}, {"role": "debtor", "name": debtor},
            ]})
        })
        .collect();
    json!(cases)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn officers_have_names_of_their_own() {
        let names: BTreeSet<_> = (0..64).map(officer).collect();
        assert_eq!(names.len(), 64);
        assert!(!names.contains(YOURS));
    }
}
