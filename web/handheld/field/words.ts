// Every text of the measures in the field, Chinese and English side by side. They load with this part.

import { dictionary, type Entry, lookUp } from '../../shared/i18n.svelte';
import { refusalText } from '../../shared/words';
import { Refused } from '../../shared/refused';
import type { Why } from './measure';

export const f = dictionary({
  title: ['现场措施', 'Field measures'],
  back: ['返回', 'Back'],
  choose: ['记录一项', 'Record a step'],
  begun: ['未完成', 'Begun'],
  done: ['已记录', 'Recorded'],
  recorded: ['本任务的记录', 'Recorded in this task'],
  nothing: ['还没有记录。', 'Nothing recorded yet.'],
  noCase: ['本任务没有案号。未关联案件时，指挥中心的服务器不会采用现场措施。', 'This incident names no case. Without one the server does not take measures.'],
  notLasting: ['本浏览器不能保存数据（可能是无痕模式）：发送完成前请勿关闭或刷新页面。', 'This browser keeps no data (a private window?): do not close or reload the page before all is sent.'],
  // One step
  time: ['时间', 'Time'],
  now: ['改为现在', 'Set to now'],
  place: ['地点', 'Place'],
  placeSent: ['附上地点', 'Send the place'],
  placeFix: ['± {m} m，{age} 前', '± {m} m, {age} ago'],
  placeNone: ['没有可用的定位，将不附地点。', 'No good position: it goes without a place.'],
  placeAgain: ['重新定位', 'Take it again'],
  officers: ['在场警员', 'Officers present'],
  self: ['本人', 'You'],
  twoRule: ['本项须由两名以上警员在场。', 'This step takes two officers.'],
  twoMissing: ['请先选定第二名在场警员。', 'Name the second officer first.'],
  twoMet: ['已满足两人要求。', 'Two officers are named.'],
  add: ['添加在场警员', 'Add an officer'],
  addText: ['请同事打开本页，把“本机警员码”发给您，粘贴到这里。以后在本机可直接选择。', 'Ask your colleague to open this page and to send you the officer code of their phone; paste it here. From then on this phone knows it.'],
  ownCode: ['本机警员码', 'Officer code of this phone'],
  copy: ['复制', 'Copy'],
  copied: ['已复制', 'Copied'],
  code: ['同事的警员码', 'Colleague’s officer code'],
  name: ['姓名', 'Name'],
  addNow: ['添加', 'Add'],
  badCode: ['警员码不正确，请完整粘贴。', 'That is not an officer code: paste all of it.'],
  ownTyped: ['这是本机的警员码，请填同事的。', 'That is your own code; your colleague’s is needed.'],
  noName: ['请填写姓名。', 'Enter the name.'],
  asset: ['财产编号（案卷中的序号）', 'Number of the asset in the file'],
  assetMaybe: ['财产编号（可不填）', 'Number of the asset (optional)'],
  assetMissing: ['请填写财产编号；不清楚时请问指挥中心或承办人。', 'Enter the number of the asset; ask the centre or the judge for it.'],
  party: ['当事人编号（可不填）', 'Number of the party (optional)'],
  pictures: ['照片', 'Pictures'],
  picturesOf: ['{n} / {most} 张', '{n} of {most}'],
  take: ['拍照', 'Take a picture'],
  preparing: ['正在处理照片…', 'Preparing the picture…'],
  pictureBad: ['照片无法读取，请重拍。', 'The picture cannot be read: take it again.'],
  pictureNone: ['没有照片。建议至少拍一张。', 'No pictures. One at least is advised.'],
  pictureNumber: ['照片 {n}', 'Picture {n}'],
  remove: ['删除照片 {n}', 'Remove picture {n}'],
  text: ['情况说明（可不填）', 'What happened (optional)'],
  record: ['记录', 'Record'],
  keepFailed: ['本机存储空间不足，未能保存。请清理手机后再试。', 'This phone has no room: not kept. Free some space and try again.'],
  throwAway: ['放弃这一项', 'Discard this step'],
  throwAwaySure: ['再按一次，放弃这一项及其照片', 'Press again to discard it and its pictures'],
  // What becomes of it
  draft: ['未完成', 'Begun'],
  waiting: ['等待发送', 'Waiting'],
  sending: ['正在发送', 'Sending'],
  refused: ['未被采用', 'Refused'],
  stored: ['已入卷', 'In the file'],
  waits: ['{n} 项等待发送', '{n} waiting to be sent'],
  waitsText: ['已保存在本机，恢复网络后按顺序自动发送。', 'Kept on this phone; sent in order when the network is back.'],
  sendNow: ['立即重试', 'Try now'],
  edit: ['修改后重发', 'Change and send again'],
  sendAgain: ['原样重发', 'Send again'],
  withOfficers: ['在场：{names}', 'Present: {names}'],
  assetNumber: ['财产 {n}', 'Asset {n}'],
  partyNumber: ['当事人 {n}', 'Party {n}'],
  picturesSent: ['照片 {done}/{all}', 'Pictures {done}/{all}'],
  elsewhere: ['其他任务的现场措施', 'Measures of other incidents'],
  elsewhereText: ['这些任务已不在本机，但措施尚未入卷。', 'You are no longer on these incidents, and their measures are not in the file yet.'],
  incident: ['任务 {number}', 'Incident {number}'],
});

const KIND_WORDS: Record<string, Entry> = {
  arrived: ['到达现场', 'Arrived'],
  announced: ['表明身份', 'Announced'],
  searched: ['搜查', 'Searched'],
  sealed: ['查封', 'Sealed'],
  impounded: ['扣押', 'Impounded'],
  served: ['送达', 'Served'],
  brought_in: ['拘传', 'Brought in'],
  detained: ['拘留', 'Detained'],
  left: ['离开现场', 'Left'],
};

/** What a kind means, where the word alone does not say what the officer must have done. */
const KIND_HINTS: Record<string, Entry> = {
  announced: ['出示证件，表明身份，告知职权与全程记录。', 'Identity shown, powers and the recording announced.'],
  searched: ['须有院长签发的搜查令。', 'A search warrant signed by the president is needed.'],
  sealed: ['张贴封条后请拍照。', 'Take a picture once the seal is on.'],
  impounded: ['物品与清单一并拍照。', 'Take a picture of the things and of the list.'],
  served: ['拍下送达的文书与签收。', 'Take a picture of the document and the signature.'],
};

/** What to do about a refusal; by the rule's own words or the fault of a field, else by the code. */
const ADVICE: Record<string, Entry> = {
  'this measure takes two officers': ['须有两名警员在场：请添加第二名警员后重发。', 'It takes two officers: add the second one and send it again.'],
  'name the asset of the file that was sealed or impounded': [
    '案卷中没有这一编号的财产：请向承办人核对编号后重发。',
    'The file has no asset of this number: ask the judge for the number and send it again.',
  ],
  'the case has no such party': ['案件没有这一编号的当事人：请核对后重发。', 'The case has no party of this number: check it and send it again.'],
  'a measure has up to 20 officers and 20 pictures': ['警员或照片超过 20：请减少后重发。', 'More than 20 officers or pictures: take some away and send it again.'],
  'what is not yet cannot be recorded as done': ['时间超前：请校准手机时间，改为现在后重发。', 'The time lies ahead: set the phone’s clock, set the time to now and send it again.'],
  'a measure is recorded within 30 days, and was not before the case began': [
    '时间过早：措施须在三十日内记录，且不早于立案。请核对时间，或联系承办人。',
    'The time is too early: a measure is recorded within 30 days and not before the case began. Check it, or tell the judge.',
  ],
  'an officer records what he or she was present at': ['只能记录本人在场的措施。', 'Only what you were present at can be recorded.'],
  'the file has too many measures': ['案卷中的措施已满：请联系指挥中心。', 'The file holds no more measures: tell the centre.'],
  '/with officer-unknown': ['所填警员不属于本院：请核对警员码后重发。', 'An officer you named is not of this court: check the code and send it again.'],
  '/place place-invalid': ['地点无效：请去掉地点后重发。', 'The place is not valid: send it again without.'],
  '/pictures picture-unknown': ['服务器没有收到照片：请原样重发。', 'The server lacks the pictures: send it again as it is.'],
  '/pictures hash-invalid': ['照片校验值有误：请原样重发。', 'A picture’s hash is wrong: send it again as it is.'],
  forbidden: ['您已不在此任务中：请指挥中心重新指派后原样重发。', 'You are not on this incident any more: ask the centre to assign you again, then send it again.'],
  'state-conflict': ['任务未关联案件，或案件已结：请指挥中心关联案件后原样重发。', 'The incident has no case, or the case is closed: ask the centre to set the case, then send it again.'],
  'not-found': ['任务已不存在：请联系指挥中心。', 'There is no such incident any more: tell the centre.'],
  'too-large': ['照片过大：请删除后重拍。', 'A picture is too large: remove it and take another.'],
  'media-type': ['照片格式不被接受：请删除后重拍。', 'The picture’s format is not taken: remove it and take another.'],
};
const ELSE: Entry = ['请核对内容后重发；仍不被采用时请联系指挥中心。', 'Check it and send it again; if it is refused again, tell the centre.'];

export const kindWord = (kind: string): string => lookUp(KIND_WORDS, kind);
export const kindHint = (kind: string): string => (kind in KIND_HINTS ? lookUp(KIND_HINTS, kind) : '');

export function whyText(why: Why): string {
  const text = refusalText(new Refused(why.code, why.title));
  const known = [why.detail, why.field].some((key) => key !== null && key in ADVICE);
  // The rule's own words only where no advice of ours says the same in the officer's language.
  return why.detail !== null && !known ? `${text} (${why.detail})` : text;
}

export function adviceText({ code, detail, field }: Why): string {
  const key = [detail, field, code].find((candidate) => candidate !== null && candidate in ADVICE);
  return key ? lookUp(ADVICE, key) : lookUp({ else: ELSE }, 'else');
}
