// Every text of the handheld, Chinese and English side by side.

import { dictionary, type Entry, fill, lookUp } from '../shared/i18n.svelte';
import type { ClosedReason } from './protocol';

export const t = dictionary({
  title: ['警员终端', 'Officer terminal'],
  brand: ['天德', 'Tiande'],
  // Enrolment
  enrolTitle: ['登记本设备', 'Enrol this device'],
  enrolText: ['请输入指挥中心给您的一次性登记码。', 'Enter the one-time code the centre gave you.'],
  code: ['登记码', 'Code'],
  enrol: ['登记', 'Enrol'],
  enrolling: ['正在登记…', 'Enrolling…'],
  enrolFailed: ['登记码无效或已用过', 'The code is not valid or was used before'],
  // Status bar
  connected: ['已连接', 'Connected'],
  connecting: ['连接中', 'Connecting'],
  offline: ['无连接', 'No link'],
  fixAge: ['定位 {age} 前 ± {m} m', 'Fix {age} ago ± {m} m'],
  noFix: ['暂无定位', 'No fix yet'],
  fixDenied: ['浏览器未允许定位', 'Location not allowed'],
  fixUnavailable: ['收不到定位', 'No location signal'],
  fixUnsent: ['位置未送达', 'Place not delivered'],
  day: ['日间显示', 'Day colours'],
  night: ['夜间显示', 'Night colours'],
  language: ['切换为英文', 'Switch to Chinese'],
  loading: ['正在连接指挥中心…', 'Connecting to the centre…'],
  offlineBanner: ['无网络。操作已保存，恢复后自动发送。', 'No network. What you press is kept and sent later.'],
  elsewhere: ['本设备在别处打开了', 'This device is open elsewhere'],
  elsewhereText: ['同一设备只能有一个页面在线。', 'Only one page of a device can be connected.'],
  useHere: ['在此使用', 'Use it here'],
  notPermitted: ['此设备无权连接', 'This device may not connect'],
  oldPage: ['页面版本过旧', 'This page is too old'],
  reload: ['刷新页面', 'Reload'],
  // Duty
  duty: ['勤务', 'Duty'],
  onDuty: ['上岗', 'On duty'],
  break: ['休息', 'Break'],
  offDuty: ['下岗', 'Off duty'],
  sending: ['发送中', 'Sending'],
  idle: ['待命中', 'Standing by'],
  idleText: ['有派警时，本页会响起并全屏显示。请保持页面打开。', 'Offers will fill this screen. Keep the page open.'],
  calling: ['求助中', 'Calling for help'],
  callingText: ['指挥中心正在处理您的求助。请保持页面打开。', 'The centre is dealing with your call. Keep this page open.'],
  resting: ['休息中，不会派警', 'On break: no offers'],
  off: ['未上岗', 'Off duty'],
  offText: ['上岗后开始接警并上报位置。', 'Go on duty to receive offers and report your place.'],
  centre: ['指挥中心', 'The centre'],
  factsFollow: ['任务内容正在载入…', 'Details are on their way…'],
  // All is well?
  welfareAsked: ['现场是否安全？', 'Is all well?'],
  welfareWhy: ['{time} 前指挥中心向您询问。不回答，指挥中心会派人支援。', 'Asked {time} ago. Without an answer the centre sends help.'],
  welfareWell: ['一切正常', 'All is well'],
  welfareElse: ['需要帮助，请长按下方求助键。', 'If you need help, hold the SOS key below.'],
  // Offer
  asked: ['请答复', 'Answer now'],
  newOffer: ['新派警', 'New offer'],
  emergency: ['紧急', 'Emergency'],
  routine: ['例行', 'Routine'],
  exercise: ['演练', 'Exercise'],
  tips: ['线索 {n} 条', '{n} tips'],
  accept: ['接警', 'Accept'],
  decline: ['拒绝', 'Decline'],
  secondsLeft: ['剩余 {n} 秒', '{n} s left'],
  timeIsUp: ['已超时', 'Too late'],
  away: ['距您', 'Away'],
  need: ['需 {n} 人', '{n} officers needed'],
  moreOffers: ['另有 {n} 个派警', '{n} more offers'],
  caseNumber: ['案号', 'Case'],
  address: ['地址', 'Address'],
  // Commitment
  commitments: ['当前任务', 'Your incidents'],
  depart: ['出发', 'Depart'],
  arrive: ['到达', 'Arrived'],
  finish: ['完成', 'Finish'],
  navigate: ['导航', 'Navigate'],
  stacked: ['排在其后', 'Stacked'],
  outcome: ['处置结果', 'Outcome'],
  note: ['备注（可不填）', 'Note (optional)'],
  confirmFinish: ['确认完成', 'Finish now'],
  back: ['返回', 'Back'],
  // Measures in the field; their own words load with their part
  field: ['现场措施', 'Field measures'],
  fieldLoading: ['现场措施正在载入…', 'Measures are loading…'],
  fieldFailed: ['现场措施未能载入，有网络时请刷新页面。', 'Measures did not load: reload when there is a network.'],
  fieldWaiting: ['{n} 项待发送', '{n} waiting'],
  fieldRefused: ['{n} 项未被采用', '{n} refused'],
  finishUnsent: ['有 {n} 项现场措施尚未送达，送达后才能完成任务。', '{n} measures are not delivered yet; finish when they are.'],
  // Place
  place: ['位置', 'Place'],
  sourceGps: ['设备定位', 'Device'],
  sourceManual: ['手动位置', 'By hand'],
  sourceWalk: ['演示行走', 'Demo walk'],
  latitude: ['纬度', 'Latitude'],
  longitude: ['经度', 'Longitude'],
  setPlace: ['设置位置', 'Set place'],
  demoWalk: ['演示行走', 'Demo walk'],
  useGps: ['改用设备定位', 'Use device location'],
  badPlace: ['坐标无效', 'Not a valid place'],
  placeMissing: ['指挥中心还不知道您的位置，暂不会派警。', 'The centre does not know where you are, so nobody will ask you.'],
  placeFar: ['您的位置远在辖区之外，不会派警。', 'You are far outside the court, so nobody will ask you.'],
  placeNearCourt: ['使用法院附近位置（演示）', 'Use a place near the court (demo)'],
  placeSet: ['位置已设置', 'Place set'],
  // SOS
  sos: ['SOS 求助', 'SOS'],
  sosHold: ['按住 2 秒', 'Hold for 2 seconds'],
  sosHolding: ['继续按住…', 'Keep holding…'],
  sosAgain: ['再次激活以发出求助', 'Activate again to call for help'],
  sosWaiting: ['求助等待发送', 'SOS is waiting'],
  sosWaitingText: ['网络恢复后首先发出。请同时打电话。', 'It goes out first when the network is back. Call as well.'],
  sosSent: ['求助已送达指挥中心', 'The centre has your SOS'],
  sosSentText: ['{time} 送达。请保持页面打开。', 'Delivered at {time}. Keep this page open.'],
  dismiss: ['知道了', 'Understood'],
});

const NOTICES: Record<string, Entry> = {
  on_duty_by_geofence: ['已离开法院，自动上岗', 'You left the court: on duty'],
  off_duty_by_geofence: ['已返回法院，自动下岗', 'You are back at the court: off duty'],
  on_scene_by_geofence: ['已到达现场附近，自动记为到场', 'You are at the scene: noted as arrived'],
  contact_lost: ['与指挥中心失去联系过一段时间', 'The centre had lost contact with you'],
  welfare_asked: ['指挥中心询问：现场是否安全？', 'The centre asks: is all well at the scene?'],
  assigned: ['{by} 指派您出警', '{by} has assigned you'],
  released: ['您已被撤回', 'You were released'],
};

const CLOSED: Record<string, Entry> = {
  expired: ['派警已超时', 'The offer expired'],
  undelivered: ['派警未能及时显示', 'The offer did not show in time'],
  withdrawn: ['派警已撤回', 'The offer was withdrawn'],
};

const FIXES: Record<string, Entry> = {
  future: ['位置时间超前，请校准手机时间', 'Place from the future: set the phone clock'],
  stale: ['位置过旧，未采用', 'Place too old'],
  implausible: ['位置跳变过大，未采用', 'Place jumped too far'],
  inaccurate: ['定位误差过大，未采用', 'Place too inaccurate'],
  out_of_range: ['位置无效，未采用', 'Not a valid place'],
};

export const noticeText = (code: string, params?: Record<string, string>): string => fill(lookUp(NOTICES, code), params);
export const closedText = (reason: ClosedReason): string => lookUp(CLOSED, reason);
export const fixRefusalText = (code: string): string => lookUp(FIXES, code);
