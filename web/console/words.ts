// Every text of the console, Chinese and English side by side.

import { duration } from '../shared/format';
import { dictionary, type Entry, locale, lookUp, pick } from '../shared/i18n.svelte';
import type { IncidentClock } from '../shared/protocol/shapes';
import { alarmName } from '../shared/words';
import type { Alarm } from './protocol';
import { countdown } from './state/clocks';

export const t = dictionary({
  product: ['执行指挥中心', 'Enforcement command centre'],
  brand: ['天德', 'Tiande'],
  // Sign-in
  signInTitle: ['登录指挥席', 'Sign in to the desk'],
  signOut: ['退出', 'Sign out'],
  loading: ['正在载入…', 'Loading…'],
  retry: ['重试', 'Try again'],
  // Top bar
  connected: ['已连接', 'Connected'],
  connecting: ['正在连接', 'Connecting'],
  offline: ['连接中断', 'Disconnected'],
  onDuty: ['在岗', 'On duty'],
  waiting: ['待派', 'Waiting'],
  sos: ['求助', 'SOS'],
  startShift: ['开始值班', 'Start shift'],
  startShiftHint: ['点击以启用警报声', 'Click to switch the alarm sound on'],
  soundOn: ['警报声已开', 'Sound on'],
  mute: ['静音 5 分钟', 'Mute for 5 minutes'],
  unmute: ['恢复声音', 'Unmute'],
  muteHint: ['求助警报不会静音', 'SOS is never muted'],
  keys: ['快捷键', 'Keys'],
  language: ['切换为英文', 'Switch to Chinese'],
  // Link states
  offlineBanner: ['连接中断，正在重连。以下为 {time} 的数据。', 'Disconnected, trying again. Data as of {time}.'],
  notPermitted: ['此账号无权使用指挥席', 'This account may not use the console'],
  elsewhere: ['此席位已在别处连接', 'Connected elsewhere'],
  oldPage: ['页面版本过旧，请刷新', 'This page is too old, reload it'],
  reload: ['刷新页面', 'Reload'],
  // Queue
  queue: ['任务', 'Incidents'],
  officers: ['警员', 'Officers'],
  act: ['需要处理', 'Act now'],
  running: ['派警与处置中', 'Running'],
  routine: ['例行排队', 'Routine'],
  closed: ['刚刚结束', 'Just closed'],
  queueEmpty: ['当前没有任务', 'No open incidents'],
  queueEmptyHint: ['新线索到达时会出现在这里', 'New tips will appear here'],
  more: ['另有 {n} 条', '{n} more'],
  waited: ['等待 {time}', 'waiting {time}'],
  lasted: ['历时 {time}', 'for {time}'],
  exercise: ['演练', 'Exercise'],
  untrusted: ['未核实来源', 'Unverified source'],
  trusted: ['可信来源', 'Trusted source'],
  seats: ['{have}/{need} 人', '{have} of {need}'],
  late: ['等待较久', 'late'],
  overdue: ['等待过久', 'overdue'],
  // Officers
  search: ['按姓名、警号查找', 'Name or badge'],
  filterStatus: ['按状态筛选', 'Filter by state'],
  noOfficers: ['没有符合的警员', 'No officer matches'],
  all: ['全部', 'All'],
  fixAge: ['定位 {age} 前', 'fix {age} ago'],
  noFix: ['无定位', 'no fix'],
  showOnMap: ['在地图上定位', 'Show on the map'],
  // Map
  mapLabel: ['辖区地图，警员与任务位置。警员列表见“警员”页。', 'Map of officers and incidents. The officers tab lists the same.'],
  mapLoading: ['正在载入地图…', 'Loading the map…'],
  mapFailed: ['地图无法显示（浏览器不支持 WebGL2）。请使用“警员”列表。', 'No map: this browser lacks WebGL2. Use the officers tab.'],
  courtHouse: ['法院', 'Court'],
  everybody: ['在岗警员与任务', 'Everybody on duty'],
  wholeArea: ['全辖区', 'Whole area'],
  zoomIn: ['放大', 'Zoom in'],
  zoomOut: ['缩小', 'Zoom out'],
  legend: ['图例', 'Legend'],
  legendStale: ['定位超过 30 秒', 'Fix older than 30 s'],
  legendUnknown: ['超过 2 分钟', 'Older than 2 min'],
  placeHint: ['点击地图，标定 {number} 的位置', 'Click the map to place {number}'],
  fixAccuracy: ['误差 {m}', '± {m}'],
  onIncident: ['任务 {number}', 'On {number}'],
  // Incident panel
  nothingSelected: ['未选择任务', 'Nothing selected'],
  nothingSelectedHint: ['用方向键或 j / k 选择，回车打开', 'Choose with the arrows or j / k, open with Enter'],
  facts: ['情况', 'Facts'],
  caseNumber: ['案号', 'Case'],
  address: ['地址', 'Address'],
  place: ['坐标', 'Place'],
  accuracy: ['误差 {m}', '± {m}'],
  noPlace: ['位置不明', 'No place'],
  opened: ['接报', 'Opened'],
  source: ['来源', 'Source'],
  outcome: ['结果', 'Outcome'],
  description: ['描述', 'Description'],
  crew: ['出警人员', 'Crew'],
  welfareAsked: ['已询问安全 {time}', 'Asked if well {time} ago'],
  welfareSilent: ['无应答 {time}', 'No answer for {time}'],
  noCrew: ['尚无人员', 'Nobody yet'],
  crewOf: ['出警 {n} 人', '{n} on it'],
  enoughText: ['本任务人员已满。仍要增派，请写明理由。', 'All seats are taken. Give a reason to send one more.'],
  seatsOpen: ['还缺 {n} 人', '{n} still needed'],
  openOffers: ['正在询问', 'Offers out'],
  received: ['已送达', 'delivered'],
  notReceived: ['送达中', 'sending'],
  secondsLeft: ['{n} 秒', '{n} s'],
  candidates: ['可派人员', 'Candidates'],
  candidatesNow: ['按当前距离，键 1–9 直接指派', 'By present distance; keys 1–9 assign'],
  noCandidates: ['没有可列出的人员', 'Nobody to list'],
  decision: ['派警依据', 'Why these officers'],
  decisionRound: ['第 {round} 轮 · {time} · 缺 {seats} 人', 'Round {round} · {time} · {seats} seats'],
  caller: ['求助人', 'called for help'],
  noDecision: ['尚未派警', 'No decision yet'],
  notListed: ['另有 {n} 人未列出', '{n} more not listed'],
  officer: ['警员', 'Officer'],
  distance: ['距离', 'Distance'],
  fixAgeHead: ['定位', 'Fix'],
  verdict: ['结论', 'Verdict'],
  timeline: ['经过', 'Timeline'],
  detailFailed: ['详情未能载入：{why}', 'Detail not loaded: {why}'],
  // Actions
  dispatchNow: ['立即派警', 'Dispatch now'],
  setPlace: ['在地图上定位', 'Set the place'],
  movePlace: ['更正位置', 'Correct the place'],
  setPlaceByNumbers: ['输入坐标', 'Enter coordinates'],
  latitude: ['纬度', 'Latitude'],
  longitude: ['经度', 'Longitude'],
  assign: ['指派', 'Assign'],
  assignAsk: ['指派 {name}', 'Assign {name}'],
  stack: ['追加', 'Stack'],
  stackTitle: ['追加任务给 {name}', 'Stack onto {name}'],
  stackText: ['{name} 正在处理其他任务。追加后，本任务排在其后，可能延误。', '{name} is committed. This incident will wait behind the other one.'],
  confirmTitle: ['确认指派 {name}', 'Assign {name} all the same'],
  confirmText: ['系统不建议：{why}。仍要指派，请写明理由。', 'Not recommended: {why}. Give a reason to assign all the same.'],
  release: ['撤回', 'Release'],
  releaseTitle: ['撤回 {name}', 'Release {name}'],
  releaseText: ['该警员将不再负责 {number}。', 'The officer will no longer be on {number}.'],
  splitOff: ['拆分', 'Split off'],
  splitTitle: ['拆分 {source} 的线索', 'Split off the tip of {source}'],
  splitText: ['该线索不再属于 {number}，另立一项任务并单独派警。', 'The tip leaves {number}, gets an incident of its own and is dispatched by itself.'],
  furtherTips: ['后续线索', 'Further tips'],
  tipsInAll: ['共 {n} 条', '{n} in all'],
  tipsHidden: ['另有 {n} 条较早的线索', '{n} earlier ones not shown'],
  mergedSameCase: ['同一案件 · 相距 {metres}', 'same case · {metres} apart'],
  mergedSimilar: ['文字相似 {percent}% · 相距 {metres}', 'words {percent}% alike · {metres} apart'],
  pictures: ['照片', 'Pictures'],
  pictureAlt: ['线索照片 {n}', 'Picture {n} of the tip'],
  pictureOpen: ['打开大图（不含拍摄位置等信息）', 'Open a larger copy (without where it was taken)'],
  picturesFailed: ['照片未能载入：{why}', 'Pictures not loaded: {why}'],
  cancelIncident: ['取消任务', 'Cancel incident'],
  cancelTitle: ['取消 {number}', 'Cancel {number}'],
  cancelText: ['所有派警撤回，任务关闭，不能恢复。', 'All offers are withdrawn and the incident is closed for good.'],
  reason: ['理由', 'Reason'],
  reasonHint: ['写入日志', 'Kept in the journal'],
  confirm: ['确认', 'Confirm'],
  back: ['返回', 'Back'],
  // Results
  dispatched: ['已开始派警 {number}', 'Dispatch of {number} started'],
  assigned: ['已指派 {name}', '{name} assigned'],
  released: ['已撤回 {name}', '{name} released'],
  split: ['线索已另立任务', 'The tip has its own incident'],
  cancelled: ['已取消 {number}', '{number} cancelled'],
  placed: ['已标定位置', 'Place set'],
  alarmAcked: ['警报已确认', 'Alarm acknowledged'],
  badNumbers: ['坐标无效', 'Not a valid place'],
  // Alarms
  alarmAck: ['以 {name} 名义确认', 'Acknowledge as {name}'],
  alarmLocate: ['查看', 'Show'],
  alarmNow: ['现在：{status}', 'now: {status}'],
  alarmOver: ['已结束', 'over'],
  alarmAckSettled: ['一并确认已无需处理的 {n} 条', 'Acknowledge the {n} that are settled'],
  alarmMore: ['另有 {n} 条警报', '{n} more alarms'],
  alarmBy: ['{name} 已确认', 'Acknowledged by {name}'],
  alarmAge: ['{time} 前', '{time} ago'],
  alarmReached: ['该步骤已完成', 'reached since'],
  confirmTime: ['请核对并确认服务器时间', 'Check the server’s time and confirm it'],
  levelDirector: ['已上报局长', 'Raised to the director'],
  levelPresident: ['已上报院长', 'Raised to the president'],
  // Clocks of emergencies
  clockLeft: ['剩 {time}', '{time} left'],
  clockOver: ['已超时 {time}', 'overdue by {time}'],
  clockDue: ['{time} 届满', 'due {time}'],
  // Feed
  feed: ['动态', 'Events'],
  feedEmpty: ['暂无动态', 'Nothing yet'],
  // Keys dialog
  keysTitle: ['快捷键', 'Keyboard'],
  keyMove: ['上下选择任务', 'Move in the queue'],
  keyOpen: ['打开任务', 'Open the incident'],
  keyNext: ['打开下一个待处理', 'Open the next to act on'],
  keyDispatch: ['立即派警', 'Dispatch now'],
  keyAssign: ['指派第 1–9 位', 'Assign candidate 1–9'],
  keyAck: ['确认最前的警报', 'Acknowledge the first alarm'],
  keyEsc: ['取消、返回', 'Leave, close'],
  keyHelp: ['显示本页', 'This list'],
  close: ['关闭', 'Close'],
});

const VERDICTS: Record<string, Entry> = {
  asked: ['合适', 'fit'],
  off_duty: ['未上岗', 'off duty'],
  on_break: ['休息中', 'on break'],
  offered_elsewhere: ['正被询问其他任务', 'asked for another incident'],
  committed: ['出警中', 'committed'],
  out_of_contact: ['失联', 'out of contact'],
  already_asked: ['本任务已询问过', 'already asked'],
  no_fix: ['无定位', 'no fix'],
  fix_stale: ['定位过旧', 'fix too old'],
  fix_inaccurate: ['定位误差过大', 'fix too inaccurate'],
  lacks_skill: ['缺少所需技能', 'lacks a skill'],
  conflict_of_interest: ['需回避', 'conflict of interest'],
  other_court: ['属其他法院', 'other court'],
  busy: ['处理中', 'busy'],
};

/** What each clock of an emergency waits for; shorter than the procedure's names, which stand in the panel. */
const CLOCKS: Record<string, Entry> = {
  E01: ['接警确认', 'acknowledge'],
  E02: ['研判派单', 'triage and dispatch'],
  E03: ['出发', 'unit rolling'],
  E04: ['到场', 'on scene'],
  E05: ['乡镇到场', 'on scene, countryside'],
};

/** `past` for a decision already made: there "asked" is what happened, not a judgement. */
export function verdictName(code: string, past = false): string {
  return past && code === 'asked' ? lookUp({ asked: ['已询问', 'asked'] }, code) : lookUp(VERDICTS, code);
}

/** `出发(E03)`; the code alone when this page does not know it. */
export function clockName(code: string): string {
  if (!(code in CLOCKS)) return code;
  return `${lookUp(CLOCKS, code)}${locale.lang === 'zh' ? '' : ' '}(${code})`;
}

/** An alarm's kind, and which clock it is about. */
export function alarmTitle({ kind, node }: Pick<Alarm, 'kind' | 'node'>): string {
  return node ? `${alarmName(kind)} · ${clockName(node)}` : alarmName(kind);
}

/** `出发 剩 03:12`, where there is little room. */
export function clockShort(clock: IncidentClock, now: number): string {
  const name = clock.node in CLOCKS ? lookUp(CLOCKS, clock.node) : pick([clock.zh, clock.en]);
  return `${name} ${clockTimeLeft(clock, now)}`;
}

/** `剩 03:12`, or by how much it has run out. */
export function clockTimeLeft(clock: IncidentClock, now: number): string {
  const { overdue, ms } = countdown(clock, now);
  return t(overdue ? 'clockOver' : 'clockLeft', { time: duration(ms) });
}
