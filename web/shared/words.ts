// Words both pages use: codes of the wire, in Chinese and English.

import { ageIn } from './format';
import { type Entry, locale, lookUp } from './i18n.svelte';
import { LOCAL, Refused } from './refused';

const KINDS: Record<string, Entry> = {
  debtor_sighted: ['发现被执行人', 'Debtor sighted'],
  asset_sighted: ['发现财产', 'Asset sighted'],
  obstruction: ['抗拒执行', 'Obstruction'],
  other: ['其他情况', 'Other'],
  officer_sos: ['干警求助', 'Officer SOS'],
  field_task: ['外勤任务', 'Field task'],
};

const STATUSES: Record<string, Entry> = {
  awaiting_place: ['待定位', 'Needs a place'],
  awaiting_dispatch: ['待派警', 'Awaits dispatch'],
  queued: ['例行排队', 'Queued'],
  searching: ['派警中', 'Searching'],
  exhausted: ['无人可派', 'Nobody left'],
  underway: ['处置中', 'Under way'],
  finished: ['已完成', 'Finished'],
  cancelled: ['已取消', 'Cancelled'],
};

const STAGES: Record<string, Entry> = {
  accepted: ['已接警', 'Accepted'],
  en_route: ['前往中', 'En route'],
  on_scene: ['已到场', 'On scene'],
};

const OUTCOMES: Record<string, Entry> = {
  found: ['已找到', 'Found'],
  not_found: ['未找到', 'Not found'],
  seized: ['已扣押', 'Seized'],
  served: ['已送达', 'Served'],
  resolved: ['已处置', 'Resolved'],
  false_report: ['不实线索', 'False report'],
  unable: ['无法处置', 'Unable'],
  other: ['其他', 'Other'],
};

const OFFICER_STATUSES: Record<string, Entry> = {
  off_duty: ['下岗', 'Off duty'],
  available: ['待命', 'Available'],
  offered: ['已询问', 'Asked'],
  committed: ['出警', 'Committed'],
  on_break: ['休息', 'On break'],
  out_of_contact: ['失联', 'Out of contact'],
};

const ALARMS: Record<string, Entry> = {
  sos: ['干警求助', 'Officer SOS'],
  exhausted: ['无人可派', 'Nobody left to send'],
  officer_silent: ['现场无应答', 'No answer from the scene'],
  clock_warning: ['应急时限将届满', 'Emergency clock about to run out'],
  clock_overdue: ['应急时限已超过', 'Emergency clock ran out'],
  clock_suspect: ['服务器时钟异常', 'The server’s clock jumped'],
  actor_down: ['系统部件故障', 'A part of the system failed'],
};

const REFUSALS: Record<string, Entry> = {
  'auth-required': ['登录已失效，请重新登录', 'Please sign in again'],
  credentials: ['用户名或密码不正确', 'Wrong user name or password'],
  forbidden: ['没有此项权限', 'You may not do this'],
  origin: ['页面来源不被信任', 'This page is not trusted by the server'],
  csrf: ['请求来源不被信任，请刷新页面', 'Request not trusted, reload the page'],
  'not-found': ['未找到', 'Not found'],
  'json-invalid': ['请求格式有误', 'Malformed request'],
  'request-invalid': ['请求无效', 'Invalid request'],
  'field-invalid': ['填写的内容有误', 'A field is not valid'],
  'offer-expired': ['已超时，未能接下', 'Too late: the offer has expired'],
  'offer-withdrawn': ['派警已撤回', 'The offer was withdrawn'],
  'offer-reassigned': ['名额已满，由其他干警承接', 'The seats are taken by others'],
  'offer-unknown': ['该派警不存在', 'No such offer'],
  'state-conflict': ['当前状态下不能这样操作', 'Not possible in the present state'],
  'offer-declined': ['您已拒绝该派警', 'You have declined it'],
  'place-missing': ['位置不明，请先标定位置', 'Set the place first'],
  'outside-court': ['位置不在辖区内', 'The place is not near the court'],
  'picture-unreadable': ['图片无法显示', 'The picture cannot be shown'],
  'tip-not-merged': ['该线索未并入此任务', 'That tip was not merged into this incident'],
  'not-crew': ['该警员不在此任务中', 'That officer is not on this incident'],
  'conflict-of-interest': ['该警员须回避', 'That officer must not go'],
  'incident-closed': ['任务已结束', 'The incident is over'],
  'officer-off-duty': ['该警员未上岗', 'That officer is off duty'],
  'officer-on-break': ['该警员休息中', 'That officer is on a break'],
  'officer-out-of-contact': ['该警员失联', 'That officer is out of contact'],
  'officer-offered': ['该警员正被询问其他任务', 'That officer weighs another offer'],
  'officer-committed': ['该警员出警中', 'That officer is on another incident'],
  'officer-in-sos': ['该警员正在求助', 'That officer calls for help'],
  'stack-full': ['该警员任务已满', 'That officer holds enough incidents'],
  'too-many': ['操作过于频繁，请稍候', 'Too many requests, wait a moment'],
  'too-large': ['内容过大', 'Too large'],
  overloaded: ['服务器繁忙，请稍候重试', 'The server is busy, try again'],
  starting: ['服务器正在启动', 'The server is starting'],
  stopping: ['服务器正在停止', 'The server is stopping'],
  'journal-unavailable': ['日志不可写，操作未生效', 'Journal not available: nothing was done'],
  'storage-full': ['存储空间已满，操作未生效', 'Storage is full: nothing was done'],
  [LOCAL.unreachable]: ['连接不上服务器', 'The server cannot be reached'],
  [LOCAL.unreadable]: ['服务器的答复与本页版本不符，请刷新页面', 'This page does not understand the answer, reload it'],
  [LOCAL.noAnswer]: ['未收到答复，请核对后再试', 'No answer came: check, then try again'],
};

export const kindName = (code: string): string => lookUp(KINDS, code);
export const statusName = (code: string): string => lookUp(STATUSES, code);
export const stageName = (code: string): string => lookUp(STAGES, code);
export const outcomeName = (code: string): string => lookUp(OUTCOMES, code);
export const officerStatusName = (code: string): string => lookUp(OFFICER_STATUSES, code);
export const alarmName = (code: string): string => lookUp(ALARMS, code);
export const age = (ms: number | null | undefined): string =>
  ageIn(ms, locale.lang === 'zh' ? ['秒', '分钟', '小时'] : ['s', 'min', 'h']);
export const outcomeCodes = Object.keys(OUTCOMES);

/** What to tell the user; the server's own title when its code is newer than this page. */
export function refusalText(error: unknown): string {
  if (!(error instanceof Refused)) return String(error);
  return error.code in REFUSALS ? lookUp(REFUSALS, error.code) : error.message || error.code;
}
