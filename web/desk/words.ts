// Every text of the desk, Chinese and English side by side; those of the calculator are in its folder.

import { dictionary, type Entry, locale, lookUp } from '../shared/i18n.svelte';
import { alarmName } from '../shared/words';
import type { OpenAlarm } from './protocol/alarms';
import { remaining } from './state/remaining';
import type { EscalationAct } from './state/rights';
import { dateOf, endsWithDay, minuteOf, weekdayOf } from '../shared/shanghai';

export const t = dictionary({
  brand: ['天德', 'Tiande'],
  product: ['执行督办', 'Supervision of deadlines'],
  signInTitle: ['法官、执行局长、院长、纪检监察', 'Judges, director, president, discipline'],
  openCalculator: ['期限计算器（不需登录）', 'Date calculator (no sign-in)'],
  // Top bar
  parts: ['页面', 'Pages'],
  supervision: ['督办', 'Supervision'],
  calculator: ['期限计算器', 'Date calculator'],
  print: ['打印', 'Print'],
  roots: ['日根', 'Day root'],
  rootsHint: ['打开最新日根，打印后交他人留存', 'Opens the newest day root, to be printed and handed out'],
  check: ['核验回执', 'Check a receipt'],
  language: ['切换为英文', 'Switch to Chinese'],
  day: ['切换为日间', 'Day colours'],
  night: ['切换为夜间', 'Night colours'],
  signIn: ['登录', 'Sign in'],
  signOut: ['退出', 'Sign out'],
  noRights: [
    '此账号没有督办权限。法官、书记员、执行局长、院长、纪检监察可以查看。',
    'This account may not see deadlines. Judges, clerks, director, president and discipline may.',
  ],
  // Lists
  lists: ['督办列表', 'Lists'],
  clocks: ['应急时限', 'Emergency clocks'],
  near: ['临期', 'Near due'],
  overdue: ['逾期', 'Overdue'],
  escalations: ['督办件', 'Escalations'],
  load: ['负荷', 'Load'],
  within: ['范围', 'Within'],
  nDays: ['{n} 天内', '{n} days'],
  refresh: ['刷新', 'Refresh'],
  asOf: ['{time} 更新，每 {n} 秒自动更新', 'As of {time}, renewed every {n} s'],
  loading: ['正在载入…', 'Loading…'],
  notRefreshed: ['未能更新：{why}。以下为 {time} 的数据。', 'Not renewed: {why}. Data as of {time}.'],
  notLoaded: ['未能载入：{why}', 'Not loaded: {why}'],
  clocksEmpty: ['没有待知悉的应急警报', 'No alarm waits for you to take note of it'],
  nearEmpty: ['此范围内没有临期节点', 'Nothing is due within these days'],
  overdueEmpty: ['没有逾期节点', 'Nothing is overdue'],
  escalationsEmpty: ['没有未办结的督办件', 'No open escalations'],
  loadEmpty: ['此范围内没有节点', 'Nothing is due within these days'],
  cut: ['只列出最早的 {n} 条，可能还有更多', 'Only the first {n} are listed; there may be more'],
  // Rows
  handler: ['承办人', 'Handler'],
  noHandler: ['未定承办人', 'No handler'],
  unnamed: ['姓名未知', 'Name unknown'],
  due: ['届满', 'Due'],
  round: ['第 {n} 次', 'No. {n}'],
  warned: ['已预警', 'warned'],
  provisional: ['暂定', 'provisional'],
  provisionalHint: ['该年节假日尚未公布，仅按周末计算', 'That year has no holiday calendar yet: weekends only'],
  toBeConfirmed: ['待核', 'to be confirmed'],
  toBeConfirmedHint: ['该节点的依据须由本院确认', 'The court must confirm what this node rests on'],
  leftDays: ['剩{n}天', '{n} d left'],
  leftHours: ['剩{n}小时', '{n} h left'],
  leftMinutes: ['剩{n}分钟', '{n} min left'],
  lateDays: ['逾期{n}天', '{n} d overdue'],
  lateHours: ['逾期{n}小时', '{n} h overdue'],
  lateMinutes: ['逾期{n}分钟', '{n} min overdue'],
  // Alarms of emergencies
  clocksWaiting: ['应急时限：{n} 条待知悉', 'Emergency clocks: {n} wait for you to take note'],
  raisedTo: ['报送', 'Raised to'],
  since: ['自', 'Since'],
  sinceAge: ['（{age}前）', '({age} ago)'],
  exercise: ['演练', 'Exercise'],
  acknowledge: ['知悉', 'Acknowledge'],
  noted: ['已记录知悉：{what}', 'Acknowledged: {what}'],
  notedBefore: ['已由他人知悉，或已结束：{what}', 'Acknowledged by somebody else, or over: {what}'],
  notNoted: ['未能记录知悉：{why}', 'Not acknowledged: {why}'],
  // Escalations
  offices: ['已报', 'Reached'],
  raised: ['最近上报', 'Last raised'],
  answerBy: ['答复期限', 'Answer by'],
  climbs: ['升级 {n} 次', 'climbed {n}×'],
  returned: ['退回 {n} 次', 'returned {n}×'],
  acknowledgedBy: ['{name} 已知悉（{time}）', 'Noted by {name} ({time})'],
  answeredBy: ['{name} 已答复（{time}）', 'Answered by {name} ({time})'],
  // Dialogs
  words: ['说明', 'Words'],
  wordsHint: ['写入日志', 'Kept in the journal'],
  back: ['返回', 'Back'],
  move: ['移交承办人', 'Move the case'],
  moveText: ['{number} 现由 {name} 承办。', '{number} is handled by {name}.'],
  moveTo: ['移交给', 'To'],
  chooseHandler: ['请选择', 'Choose'],
  moveReason: ['移交理由', 'Reason'],
  candidatesNone: ['没有其他承办人可选', 'There is no other handler to choose'],
  candidateLoad: ['{name}（逾期 {overdue}，待办 {ahead}）', '{name} ({overdue} overdue, {ahead} ahead)'],
  moved: ['{number} 已移交 {name}', '{number} moved to {name}'],
  // Load
  loadTable: ['承办人按日负荷', 'What each handler has, by day'],
  loadHint: ['每格为当日届满的节点数；颜色越深越多', 'Nodes that are due on that day; the deeper the colour the more'],
  sum: ['合计', 'In all'],
});

/** What a case's fields in a dialog may be told, by pointer and code. */
const FIELD_FAULTS: Record<string, Entry> = {
  'unknown-user': ['此人不能承办案件', 'This person cannot handle cases'],
  'unknown-node': ['没有此节点', 'There is no such node'],
  missing: ['必填', 'Missing'],
  'wrong-type': ['格式不对', 'Of the wrong kind'],
  'too-long': ['过长', 'Too long'],
  empty: ['必填', 'Missing'],
  'text-invalid': ['含有不允许的字符', 'Has characters that are not allowed'],
};

const ROLES: Record<string, Entry> = {
  dispatcher: ['指挥员', 'dispatcher'],
  director: ['执行局长', 'director'],
  president: ['院长', 'president'],
  discipline: ['纪检监察', 'discipline'],
  judge: ['法官', 'judge'],
  clerk: ['书记员', 'clerk'],
  operator: ['运维', 'operator'],
  auditor: ['审计', 'auditor'],
};

const OFFICES: Record<string, Entry> = {
  handler: ['承办人', 'handler'],
  applicant: ['申请执行人', 'applicant'],
  filing_head: ['立案庭负责人', 'head of filing'],
  finance: ['财务', 'finance'],
  command_centre: ['执行指挥中心', 'command centre'],
  centre: ['执行指挥中心', 'command centre'],
  director: ['执行局长', 'director'],
  president: ['院长', 'president'],
  discipline: ['纪检监察组', 'discipline'],
};

const STATUSES: Record<string, Entry> = {
  warned: ['预警', 'Warned'],
  owed: ['待答复', 'Answer owed'],
  answered: ['已答复，待审', 'Answered, to be judged'],
  closed: ['已办结', 'Over'],
};

const ACTS: Record<EscalationAct, Entry> = {
  acknowledge: ['知悉', 'Take note'],
  answer: ['答复', 'Answer'],
  accept: ['认可答复', 'Accept the answer'],
  return: ['退回答复', 'Return the answer'],
  close: ['办结', 'Close'],
};

const ACT_TEXTS: Record<EscalationAct, Entry> = {
  acknowledge: ['记录您已知悉；承办人仍须答复。', 'Records that you know of it; the handler still owes an answer.'],
  answer: ['说明逾期原因和下一步安排，提交后由督办人审核。', 'Say why it is late and what comes next. A supervisor judges it.'],
  accept: ['认可答复后，本督办件办结。', 'The escalation is over.'],
  return: ['退回后，承办人须在新的期限内重新答复。请写明理由。', 'The handler owes a new answer. Say why.'],
  close: ['不需要答复，直接办结。请写明理由，不能恢复。', 'No answer is needed, and it is over for good. Say why.'],
};

const DONE: Record<EscalationAct, Entry> = {
  acknowledge: ['已记录知悉', 'Noted'],
  answer: ['答复已提交', 'Answer sent'],
  accept: ['已认可答复', 'Answer accepted'],
  return: ['已退回答复', 'Answer returned'],
  close: ['已办结', 'Closed'],
};

const STEPS: Record<string, Entry> = {
  warned: ['预警', 'Warned'],
  overdue: ['逾期', 'Overdue'],
  climbed: ['逾期未答复，上升一级', 'Unanswered: climbed'],
  acknowledged: ['已知悉', 'Noted'],
  answered: ['承办人答复', 'Answered'],
  returned: ['退回', 'Returned'],
  accepted: ['认可', 'Accepted'],
  closed: ['办结', 'Closed'],
};

const WEEKDAYS: Record<string, Entry> = {
  0: ['周日', 'Sun'],
  1: ['周一', 'Mon'],
  2: ['周二', 'Tue'],
  3: ['周三', 'Wed'],
  4: ['周四', 'Thu'],
  5: ['周五', 'Fri'],
  6: ['周六', 'Sat'],
};

export const roleName = (code: string): string => lookUp(ROLES, code);
export const officeName = (code: string): string => lookUp(OFFICES, code);
export const escalationStatus = (code: string): string => lookUp(STATUSES, code);
export const stepName = (code: string): string => lookUp(STEPS, code);
export const actName = (act: EscalationAct): string => lookUp(ACTS, act);
export const actText = (act: EscalationAct): string => lookUp(ACT_TEXTS, act);
export const actDone = (act: EscalationAct): string => lookUp(DONE, act);
export const fieldFault = (code: string): string => lookUp(FIELD_FAULTS, code);
export const weekday = (date: string): string => lookUp(WEEKDAYS, String(weekdayOf(date)));

/** The name of what has one in both languages, such as a node. */
export const inLanguage = (of: { zh: string; en: string }): string => (locale.lang === 'zh' ? of.zh : of.en);

/** What an alarm is about, in a line: `2026-000001 E03`. */
export function alarmWhat(row: OpenAlarm): string {
  return [row.number, row.node ?? alarmName(row.kind)].filter(Boolean).join(' ');
}

/** A list as the language writes it. */
export const joined = (parts: readonly string[]): string => parts.join(locale.lang === 'zh' ? '、' : ', ');

/** `2026-12-01 周二`, and the time, unless it is the end of the day. */
export function dueText(at: number): string {
  const date = dateOf(at);
  return `${date} ${weekday(date)}${endsWithDay(at) ? '' : ` ${minuteOf(at)}`}`;
}

export const momentText = (at: number): string => `${dateOf(at).slice(5)} ${minuteOf(at)}`;

const LEFT = { day: 'leftDays', hour: 'leftHours', minute: 'leftMinutes' } as const;
const LATE = { day: 'lateDays', hour: 'lateHours', minute: 'lateMinutes' } as const;

export function remainingText(due: number, now: number): string {
  const { late, unit, count } = remaining(due, now);
  return t((late ? LATE : LEFT)[unit], { n: count });
}
