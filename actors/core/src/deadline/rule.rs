//! The rules that lead to a date, so that a person can check it.

use crate::calendar::Day;
use crate::procedure::Unit;
use crate::rfc3339;
use crate::time::UnixMillis;

/// A rule that was applied. Holds what is needed to say it; words are made when somebody reads them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The row's own limit.
    Limit {
        /// How many.
        count: u32,
        /// Of what.
        unit: Unit,
        /// Where it stands.
        article: String,
    },
    /// Only a day was given where hours are counted.
    DayTakenFromItsBeginning(Day),
    /// The day on which it starts is not counted.
    StartDayNotCounted(Day),
    /// Hours run from the next full hour.
    NextFullHour(UnixMillis),
    /// Hours that run from the event itself.
    HoursFromTheEvent,
    /// Minutes run from the event itself.
    MinutesFromTheEvent,
    /// Hours and minutes run through nights and rest days.
    NoRollOfHours,
    /// A month or year ends on the corresponding day.
    CorrespondingDay(Day),
    /// There is no corresponding day: it ends with the month.
    MonthEnd(Day),
    /// Only working days were counted.
    WorkingDaysOnly(Day),
    /// The last day was moved by an approved extension.
    Extended {
        /// Natural days.
        days: u32,
        /// To.
        to: Day,
    },
    /// The last day was moved by stopped days.
    Stopped {
        /// Days of the union that counted.
        days: u32,
        /// To.
        to: Day,
    },
    /// Suspensions were given, and none of their days lies in the period.
    StopsOutside,
    /// Suspensions were given, and this row is not stopped by them.
    NotSuspended,
    /// An extension was given, and this row cannot be extended.
    NotExtended,
    /// A suspension without an end: no date until it ends.
    Paused(Day),
    /// The last day was a rest day.
    RolledOn {
        /// From.
        from: Day,
        /// To.
        to: Day,
    },
    /// Expiries never move and never roll.
    ExpiryNeverMoves,
    /// Minimum waits never roll; the act is allowed from this day on.
    WaitNeverRolls(Day),
    /// Counted back from a planned day.
    CountedBack(Day),
    /// The day it was counted back to is a rest day.
    RolledBack {
        /// From.
        from: Day,
        /// To.
        to: Day,
    },
    /// The k-th recurrence, counted from the start.
    Recurrence {
        /// k.
        round: u16,
        /// Of how many.
        rounds: u16,
    },
    /// The period ends with the last second of its last day.
    LastSecond,
    /// The calendar has no such year yet: weekends only.
    WeekendsOnly(Day),
}

const COUNTED: &str = "民事诉讼法 85条";
const HERE: &str = "本院计算规则(docs/DEADLINES.md)";

impl Rule {
    /// Its stable name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Limit { .. } => "limit",
            Self::DayTakenFromItsBeginning(_) => "day_taken_from_its_beginning",
            Self::StartDayNotCounted(_) => "start_day_not_counted",
            Self::NextFullHour(_) => "next_full_hour",
            Self::HoursFromTheEvent => "hours_from_the_event",
            Self::MinutesFromTheEvent => "minutes_from_the_event",
            Self::NoRollOfHours => "no_roll_of_hours",
            Self::CorrespondingDay(_) => "corresponding_day",
            Self::MonthEnd(_) => "month_end",
            Self::WorkingDaysOnly(_) => "working_days_only",
            Self::Extended { .. } => "extended",
            Self::Stopped { .. } => "stopped",
            Self::StopsOutside => "stops_outside",
            Self::NotSuspended => "not_suspended",
            Self::NotExtended => "not_extended",
            Self::Paused(_) => "paused",
            Self::RolledOn { .. } => "rolled_on",
            Self::ExpiryNeverMoves => "expiry_never_moves",
            Self::WaitNeverRolls(_) => "wait_never_rolls",
            Self::CountedBack(_) => "counted_back",
            Self::RolledBack { .. } => "rolled_back",
            Self::Recurrence { .. } => "recurrence",
            Self::LastSecond => "last_second",
            Self::WeekendsOnly(_) => "weekends_only",
        }
    }

    /// Where it stands.
    #[must_use]
    pub fn article(&self) -> &str {
        match self {
            Self::Limit { article, .. } => article,
            Self::StartDayNotCounted(_) | Self::NextFullHour(_) => {
                "民事诉讼法 85条; 民诉法解释 125条"
            }
            Self::RolledOn { .. } => "民事诉讼法 85条; 民法典 203条",
            Self::CorrespondingDay(_) | Self::MonthEnd(_) => "民法典 202条",
            Self::WorkingDaysOnly(_) | Self::WeekendsOnly(_) => {
                "全国年节及纪念日放假办法; 国务院办公厅年度放假通知"
            }
            Self::Extended { .. } => "法释〔2000〕29号 5条; 法发〔2006〕35号 1条",
            Self::Stopped { .. } | Self::StopsOutside | Self::Paused(_) => {
                "法释〔2000〕29号 9条; 执行程序解释 13条"
            }
            Self::ExpiryNeverMoves => "查封规定 27条; 民诉法解释 485条",
            Self::HoursFromTheEvent => "民诉法解释 482条",
            Self::LastSecond => "民法典 203条",
            Self::CountedBack(_) => COUNTED,
            _ => HERE,
        }
    }

    /// In Chinese.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::Limit { count, unit, .. } => format!("期限{count}{}", unit_zh(*unit)),
            Self::DayTakenFromItsBeginning(day) => {
                format!("只给出日期, 按{day} 00:00起算; 请给出时刻")
            }
            Self::StartDayNotCounted(day) => format!("开始的日({day})不计算在期间内"),
            Self::NextFullHour(at) => format!("以时计算的, 从次时({})起算", moment(*at)),
            Self::HoursFromTheEvent => "自到案时起精确计算".to_owned(),
            Self::MinutesFromTheEvent => "以分钟计算的, 自事件时起精确计算".to_owned(),
            Self::NoRollOfHours => "以时、分计算的期间昼夜连续, 不因休假日顺延".to_owned(),
            Self::CorrespondingDay(day) => format!("按月、年计算的, 到期月的对应日{day}为最后一日"),
            Self::MonthEnd(day) => format!("没有对应日的, 月末日{day}为最后一日"),
            Self::WorkingDaysOnly(day) => format!("只计工作日(含调休), 最后一日{day}"),
            Self::Extended { days, to } => format!("经批准延长{days}日, 最后一日为{to}"),
            Self::Stopped { days, to } => {
                format!("扣除中止等期间{days}日(合并重叠), 最后一日为{to}")
            }
            Self::StopsOutside => "所给中止等期间不在本期限内, 不扣除".to_owned(),
            Self::NotSuspended => "本节点不因所给事由停止计算".to_owned(),
            Self::NotExtended => "本节点不适用延长".to_owned(),
            Self::Paused(day) => format!("自{day}起停止计算, 尚未恢复, 无届满日"),
            Self::RolledOn { from, to } => format!("最后一日{from}是法定休假日, 顺延至{to}"),
            Self::ExpiryNeverMoves => {
                "效力期限不因中止、延长、休假日而变动; 到期前须续行".to_owned()
            }
            Self::WaitNeverRolls(day) => format!("最短等待期不顺延; 自{day}起方可实施"),
            Self::CountedBack(day) => format!("自{day}倒推"),
            Self::RolledBack { from, to } => format!("倒推之日{from}是休假日, 提前至{to}"),
            Self::Recurrence { round, rounds } => {
                format!("共{rounds}次中的第{round}次, 均自起算日计算")
            }
            Self::LastSecond => "期间最后一日的截止时间为二十四时".to_owned(),
            Self::WeekendsOnly(day) => {
                format!("{}年的放假安排尚未载入, 仅按周末计算, 结果为暂定", day.year())
            }
        }
    }

    /// In English.
    #[must_use]
    pub fn en(&self) -> String {
        match self {
            Self::Limit { count, unit, .. } => {
                let unit = unit.name().replace('_', " ");
                format!(
                    "the limit is {count} {}",
                    unit.strip_suffix('s').filter(|_| *count == 1).unwrap_or(&unit)
                )
            }
            Self::DayTakenFromItsBeginning(day) => {
                format!("only a day was given: counted from {day} 00:00; give the time")
            }
            Self::StartDayNotCounted(day) => format!("the day it starts on, {day}, is not counted"),
            Self::NextFullHour(at) => {
                format!("hours run from the next full hour, {}", moment(*at))
            }
            Self::HoursFromTheEvent => "custody is counted exactly, from the event".to_owned(),
            Self::MinutesFromTheEvent => "minutes are counted exactly, from the event".to_owned(),
            Self::NoRollOfHours => "hours and minutes run through nights and rest days".to_owned(),
            Self::CorrespondingDay(day) => {
                format!("months and years end on the corresponding day, {day}")
            }
            Self::MonthEnd(day) => {
                format!("that month has no corresponding day: it ends on its last day, {day}")
            }
            Self::WorkingDaysOnly(day) => {
                format!(
                    "only working days are counted, make-up workdays among them; the last is {day}"
                )
            }
            Self::Extended { days, to } => format!("extended by {days} days, to {to}"),
            Self::Stopped { days, to } => {
                format!(
                    "the clock stood for {days} days (overlaps counted once); the last day is {to}"
                )
            }
            Self::StopsOutside => "no suspended day lies in the period".to_owned(),
            Self::NotSuspended => "this node is not stopped by what was given".to_owned(),
            Self::NotExtended => "this node cannot be extended".to_owned(),
            Self::Paused(day) => {
                format!("stopped since {day} and not resumed: there is no due date")
            }
            Self::RolledOn { from, to } => format!("{from} is a rest day: it moves on to {to}"),
            Self::ExpiryNeverMoves => {
                "an expiry never moves: not by suspension, extension or rest days; renew it before"
                    .to_owned()
            }
            Self::WaitNeverRolls(day) => {
                format!("a minimum wait never rolls; the act is allowed from {day} on")
            }
            Self::CountedBack(day) => format!("counted back from {day}"),
            Self::RolledBack { from, to } => {
                format!("{from} is a rest day: the working day before it is {to}")
            }
            Self::Recurrence { round, rounds } => {
                format!("recurrence {round} of {rounds}, each counted from the start")
            }
            Self::LastSecond => "the period ends with the last second of its last day".to_owned(),
            Self::WeekendsOnly(day) => {
                format!(
                    "the holidays of {} are not known yet: weekends only, provisional",
                    day.year()
                )
            }
        }
    }
}

fn unit_zh(unit: Unit) -> &'static str {
    match unit {
        Unit::Days => "日",
        Unit::WorkingDays => "个工作日",
        Unit::Months => "个月",
        Unit::Years => "年",
        Unit::Hours => "小时",
        Unit::Minutes => "分钟",
    }
}

/// To the minute, in Shanghai.
fn moment(at: UnixMillis) -> String {
    let text = rfc3339::format_offset(at, crate::calendar::SHANGHAI_OFFSET_MINUTES);
    text.get(..16).unwrap_or(&text).replace('T', " ")
}
