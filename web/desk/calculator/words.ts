// Every text of the date calculator, Chinese and English side by side.

import { dictionary, type Entry, locale, lookUp } from '../../shared/i18n.svelte';

export const t = dictionary({
  title: ['期限计算器', 'Date calculator'],
  intro: [
    '按节点表和节假日历计算，不涉及具体案件，不保存。结果不是法律意见。',
    'By the table of nodes and the calendar of rest days. It concerns no case, nothing is kept, and it is no legal advice.',
  ],
  loading: ['正在载入节点表…', 'Loading the nodes…'],
  notLoaded: ['节点表未能载入：{why}', 'The nodes were not loaded: {why}'],
  retry: ['重试', 'Try again'],
  // Form
  node: ['节点', 'Node'],
  search: ['查找节点（代码或名称）', 'Find a node (code or name)'],
  found: ['{n} 个节点', '{n} nodes'],
  noneFound: ['没有符合的节点', 'No node fits'],
  startsWith: ['起算', 'Starts with'],
  limit: ['期限', 'Limit'],
  basis: ['依据', 'Article'],
  basisOf: ['{article}（层级：{rank}；{sure}）', '{article} ({rank}; {sure})'],
  note: ['备注', 'Note'],
  from: ['起算日期', 'Start date'],
  time: ['时间（可不填）', 'Time (may be empty)'],
  timeWanted: ['本节点按时、分计算：请填时间，不填则自 00:00 起算。', 'This node counts hours or minutes: give the time, else it runs from 00:00.'],
  shanghai: ['一律为北京时间', 'Times are Shanghai’s'],
  suspensions: ['中止、扣除期间', 'Suspensions'],
  suspensionsNone: ['没有中止期间', 'None'],
  addSuspension: ['添加中止期间', 'Add a suspension'],
  removeSuspension: ['删除第 {n} 段', 'Remove no. {n}'],
  nthSuspension: ['第 {n} 段', 'No. {n}'],
  suspendedFrom: ['自', 'From'],
  suspendedUntil: ['至（恢复之日）', 'Until (runs again)'],
  stillSuspended: ['仍在中止', 'Goes on'],
  reason: ['事由', 'Reason'],
  anyReason: ['不指定（按停止计算）', 'Any (taken to stop it)'],
  stopsNot: ['{reason}（不停止本节点）', '{reason} (does not stop this node)'],
  extend: ['延长天数', 'Extension, days'],
  round: ['第几次', 'Which recurrence'],
  nth: ['第 {n} 次', 'No. {n}'],
  compute: ['计算', 'Compute'],
  computing: ['正在计算…', 'Computing…'],
  // Answer
  answer: ['结果', 'Result'],
  changed: ['条件已改动，请重新计算。以下仍是改动前的结果。', 'Changed since: compute again. Below is still the result from before.'],
  startedAt: ['起算', 'Start'],
  paused: ['停止计算，自 {day} 起', 'Paused since {day}'],
  pausedHint: ['恢复之前没有届满日，也不预警', 'No due date and no warning until it runs again'],
  waitHint: ['次日起方可办理', 'Allowed from the day after'],
  unrolled: ['未顺延的末日', 'Last day before it rolled'],
  warnings: ['预警', 'Warnings'],
  noWarnings: ['不预警', 'None'],
  recurrences: ['全部各次', 'All recurrences'],
  provisional: ['暂定', 'Provisional'],
  provisionalText: ['涉及的年度尚无节假日历，仅按周末计算；公布后须重算。', 'A year without a calendar: weekends only. Compute it again once there is one.'],
  confirm: ['待核', 'To be confirmed'],
  confirmText: ['依据层级：{rank}；核实情况：{sure}。须由本院确认。', 'Rank: {rank}; certainty: {sure}. The court must confirm it.'],
  counsel: ['须请法律顾问确认', 'Needs counsel'],
  because: ['计算依据', 'Because'],
  versions: ['节点表 {procedure} 第 {v} 版 · 节假日历 {calendar} 第 {c} 版（至 {year} 年）', 'Procedure {procedure} v{v} · calendar {calendar} v{c} (to {year})'],
});

const GROUPS: Record<string, Entry> = {
  A: ['立案与分案', 'Filing and assignment'],
  B: ['通知与报告', 'Notices and reports'],
  C: ['查控', 'Finding and holding assets'],
  V: ['控制措施到期', 'Seizures that expire'],
  X: ['失信与限消', 'Blacklist and consumption'],
  D: ['处置', 'Disposal'],
  M: ['案款', 'Funds'],
  O: ['异议', 'Objections'],
  P: ['拘传、拘留、罚款', 'Coercion'],
  T: ['执行期限', 'Overall limits'],
  Z: ['终本、恢复、结案', 'Closing and resuming'],
  W: ['委托', 'Delegation'],
  G: ['其他', 'Others'],
  L: ['信访', 'Petitions'],
  E: ['紧急线索', 'Emergencies'],
};

const UNITS: Record<string, Entry> = {
  days: ['{n}日', '{n} days'],
  working_days: ['{n}个工作日', '{n} working days'],
  months: ['{n}个月', '{n} months'],
  years: ['{n}年', '{n} years'],
  hours: ['{n}小时', '{n} hours'],
  minutes: ['{n}分钟', '{n} minutes'],
};

const KINDS: Record<string, Entry> = {
  deadline: ['届满日', 'Due'],
  expiry: ['效力届满', 'Expires'],
  minimum_wait: ['等待期满', 'The wait ends'],
  backwards: ['最晚日', 'Latest day'],
  recurring: ['本次届满', 'This one is due'],
  condition: ['条件', 'Condition'],
};

const RANKS: Record<string, Entry> = {
  law: ['法律、司法解释', 'law'],
  court_norm: ['最高法院规范性文件', 'norm of the supreme court'],
  court_default: ['本院默认', 'default of the court'],
};

const SURE: Record<string, Entry> = {
  verified: ['已核原文', 'the text was read'],
  quoted: ['转引', 'quoted elsewhere'],
  memory: ['凭记忆，未找到原文', 'from memory, not found again'],
  default: ['本系统默认', 'ours'],
};

const FAULTS: Record<string, Entry> = {
  missing: ['必填', 'Missing'],
  'unknown-node': ['节点表中没有此节点', 'There is no such node'],
  condition: [
    '此节点是两个日期的比较，没有期限可算：剩余效力不足所列期限的，先续封再移交。',
    'This node compares two dates and has no clock: when less than its limit is left, renew first.',
  ],
  'time-invalid': ['不是有效的日期或时间', 'Not a valid date or time'],
  'interval-invalid': ['请填起止日期，或勾选“仍在中止”', 'Give both dates, or say that it goes on'],
  'interval-reversed': ['恢复之日早于开始之日', 'It ends before it begins'],
  'unknown-reason': ['节点表中没有此事由', 'There is no such reason'],
  'too-many': ['中止期间过多，请合并（最多 64 段）', 'Too many suspensions, join some (64 at most)'],
};

/** What is out of range depends on what it is. */
const RANGES: Record<string, Entry> = {
  from: ['只能计算 1990–2199 年的日期', 'Dates are computed for 1990–2199'],
  extend: ['请填 0–3660 的整数', 'A whole number, 0–3660'],
  round: ['没有这一次', 'There is no such recurrence'],
};

export const groupName = (letter: string): string => lookUp(GROUPS, letter);
export const kindName = (code: string): string => lookUp(KINDS, code);
export const rankName = (code: string): string => lookUp(RANKS, code);
export const sureName = (code: string): string => lookUp(SURE, code);
export const limitText = (limit: { count: number; unit: string }): string =>
  lookUp(UNITS, limit.unit).replace('{n}', String(limit.count));
export const faultText = (field: string, code: string): string =>
  code === 'out-of-range' ? lookUp(RANGES, field) : lookUp(FAULTS, code);

/** What a list of a select shows for a reason that changes nothing. */
export const reasonText = (reason: { zh: string; en: string }, stops: boolean): string => {
  const name = locale.lang === 'zh' ? reason.zh : reason.en;
  return stops ? name : t('stopsNot', { reason: name });
};
