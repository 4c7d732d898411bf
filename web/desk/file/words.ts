// Every text of the page of a case's file, Chinese and English side by side.

import { dictionary, type Entry, lookUp } from '../../shared/i18n.svelte';
import { Refused } from '../../shared/refused';
import { refusalText } from '../../shared/words';

export const t = dictionary({
  none: ['没有', 'Nothing here'],
  noNodes: ['没有正在计算的期限', 'No clock is running'],
  next: ['下一步', 'What is next'],
  goThere: ['去办理', 'Go to it'],
  loading: ['正在载入…', 'Loading…'],
  stale: ['未能更新：{why}。以下为先前的内容。', 'Not renewed: {why}. What follows is older.'],
  again: ['重新载入', 'Load again'],
  secret: ['仅显示这一次，请立即转交', 'Shown this once: pass it on now'],
  done: ['知道了', 'Done'],
  once: ['此操作记入案卷，不能撤销。', 'This goes on file and cannot be undone.'],
  claim: ['申请标的', 'Claimed'],
  owed: ['未履行', 'Owed'],
  frozen: ['已冻结', 'Frozen'],
  held: ['案款在账', 'Held by the court'],
  recovered: ['已执行到位', 'Recovered'],
  handler: ['承办人', 'Handler'],
  court: ['法院', 'Court'],
  reverses: ['冲正第 {n} 笔', 'reverses No. {n}'],
  see: ['查看', 'Open the paper'],
  missing: ['尚缺', 'Still lacks'],
  met: ['已具备', 'Met'],
  tabs: ['案卷各部分', 'Parts of the file'],
  yuan: ['元', 'yuan'],
});

const NAMES: Record<string, Entry> = {
  story: ['办理经过', 'Timeline'], parties: ['当事人与送达', 'Parties and service'], assets: ['财产', 'Assets'], search: ['查控与线索', 'Search and leads'],
  money: ['案款', 'Money'], papers: ['文书与材料', 'Papers'], talk: ['沟通', 'Messages'], closing: ['结案', 'Closing'],
  docket: ['立案', 'Docket'], note: ['记录节点事项', 'Note an event'], handover_offer: ['移交案卷', 'Hand over the file'], handover_withdraw: ['撤回移交', 'Withdraw the offer'],
  link_grant: ['发放查询链接', 'Grant a link'], link_revoke: ['停用链接', 'End the link'], inquire: ['发起查询', 'Send an inquiry'],
  inquiry_answer: ['登记反馈', 'Enter the answer'], inquiry_fail: ['查询失败', 'It failed'], lead: ['登记财产线索', 'Enter a lead'], lead_verify: ['核实线索', 'Verify the lead'],
  state: ['记录查明事项', 'State a finding'], restrict: ['限制消费、失信名单', 'Restrict or list'], asset_find: ['登记财产', 'Enter an asset'], asset_control: ['查封、扣押、冻结', 'Seize or freeze'],
  asset_take_effect: ['轮候转正', 'Take effect'], asset_renew: ['续行查封冻结', 'Renew'], asset_ask_price: ['启动定价', 'Ask for a price'], asset_report_price: ['收到价格报告', 'Price reported'],
  asset_fix_price: ['确定参考价', 'Fix the price'], asset_publish: ['发布拍卖公告', 'Publish the auction'], asset_fail: ['流拍、悔拍', 'Not sold'], asset_sell: ['成交', 'Sold'],
  asset_pay_price: ['价款付清', 'Price paid'], asset_set_off: ['以物抵债', 'Taken in payment'], asset_confirm: ['送达成交裁定', 'Ruling served'], asset_hand_over: ['交付', 'Hand over'],
  asset_transfer: ['扣划', 'Transfer the money'], asset_release: ['解除查封冻结', 'Release'], asset_give_up: ['不能处置', 'Cannot be sold'], money_post: ['记账', 'Post'], money_reverse: ['冲正', 'Reverse'],
  message: ['发送消息', 'Send a message'], appointment_make: ['约见', 'Make an appointment'], appointment_agree: ['确定时间', 'Agree'], appointment_cancel: ['取消', 'Cancel'], appointment_close: ['登记结果', 'Say how it went'],
  consent: ['送达同意书', 'Consent to service'], send: ['送达文书', 'Send a paper'], arrived: ['登记送达', 'It arrived'], situation_note: ['记录被执行人情况', 'Note the situation'], situation_release: ['向申请人公开', 'Show to the applicant'],
  petition_log: ['登记信访', 'Log a petition'], petition_answer: ['答复信访', 'Answer it'], paper_signed: ['已签字', 'Signed on paper'], paper_withdraw: ['撤回文书', 'Withdraw the paper'],
  closing_intend: ['拟终结本次执行', 'Intend to close the round'], closing_interview: ['终本约谈', 'Interview held'], closing_ask: ['报请审批', 'Ask for approval'], closing_approve: ['批准', 'Approve'], closing_return: ['退回', 'Return'],
  closing_round: ['终结本次执行程序', 'Close the round'], closing_close: ['结案', 'Close the case'], resumption_ask: ['申请恢复执行', 'Ask to resume'], resumption_decide: ['决定是否恢复', 'Decide on resuming'], archive: ['归档', 'Archive'],
};

const CODES: Record<string, Entry> = {
  applicant: ['申请执行人', 'Applicant'], debtor: ['被执行人', 'Debtor'], third: ['利害关系人', 'Interested person'], agent: ['代理人', 'Agent'],
  control: ['查控组', 'Control'], field: ['实地执行', 'Field'], adjudication: ['裁决组', 'Adjudication'], party: ['当事人', 'As a party'], look: ['仅查看', 'To look only'],
  deposit: ['存款', 'Deposit'], movable: ['动产', 'Movable'], vehicle: ['车辆', 'Vehicle'], immovable: ['不动产', 'Immovable'], right: ['其他财产权', 'Right'],
  query: ['网络查控', 'Inquiry'], report: ['财产报告', 'Report'], lead: ['财产线索', 'Lead'], negotiation: ['当事人议价', 'Negotiation'], authority: ['定向询价', 'Authority'], online: ['网络询价', 'Online'], appraisal: ['委托评估', 'Appraisal'],
  report_checked: ['财产报告已核实', 'Report checked'], listing_not_due: ['不符合纳入失信名单', 'Listing not due'], debtor_present: ['被执行人下落明', 'Debtor present'], debtor_sought: ['已查找被执行人', 'Debtor sought'], local_search_done: ['已完成线下调查', 'Local search done'],
  consumption: ['限制消费', 'Consumption'], blacklist: ['失信名单', 'Dishonest list'], imposed: ['已采取', 'Imposed'], ground_arose: ['解除事由发生', 'Ground to lift arose'], lifted: ['已解除', 'Lifted'],
  claimed: ['申请标的', 'Claimed'], waived: ['放弃', 'Waived'], frozen: ['冻结', 'Frozen'], unfrozen: ['解冻', 'Unfrozen'], received: ['到账', 'Received'], transferred: ['扣划、移送', 'Transferred'], paid_out: ['发放', 'Paid out'], refunded: ['退还', 'Refunded'], set_off: ['抵债', 'Set off'], reversal: ['冲正', 'Reversal'],
  owed: ['债务', 'Owed'], claim: ['债权', 'Claim'], fund: ['案款专户', 'Fund'], held: ['待发放', 'Held'], frozen_with: ['冻结于', 'Frozen with'], debit: ['借', 'Dr'], credit: ['贷', 'Cr'],
  portal: ['当事人页面', 'Portal'], sms: ['短信', 'SMS'], wechat: ['微信', 'WeChat'], email: ['电子邮件', 'E-mail'], in_person: ['直接送达', 'In person'], post: ['邮寄', 'Post'],
  delivered: ['已送达', 'Delivered'], read: ['已阅', 'Read'], receipt: ['送达回证', 'Receipt'], income: ['收入和存款', 'Income'], immovables: ['不动产', 'Immovables'], vehicles: ['车辆', 'Vehicles'], rights: ['股权、债权', 'Rights'], whereabouts: ['住处和工作', 'Whereabouts'], circumstances: ['家庭情况', 'Circumstances'], measures: ['已采取措施', 'Measures'],
  fulfilled: ['执行完毕', 'Fulfilled'], settled: ['执行和解、已化解', 'Settled'], round_closed: ['终结本次执行', 'Round closed'], terminated: ['终结执行', 'Terminated'], not_enforced: ['不予执行', 'Not enforced'], rejected: ['驳回申请', 'Rejected'],
  notice_and_report: ['执行通知与财产报告', 'Notice and report'], restricted: ['限制消费与失信名单', 'Restricted'], search_exhausted: ['穷尽财产调查', 'Search exhausted'], three_months: ['立案满三个月', 'Three months'],
  none: ['未处置', 'Not for sale yet'], pricing: ['定价中', 'Pricing'], priced: ['已定价', 'Priced'], published: ['已公告', 'Published'], failed: ['流拍', 'Failed'], sold: ['已成交', 'Sold'], paid: ['已付清', 'Paid'], confirmed: ['已裁定', 'Confirmed'], released: ['已解除', 'Released'], given_up: ['不能处置', 'Given up'],
  asked: ['待确定', 'Asked'], made: ['已约定', 'Fixed'], cancelled: ['已取消', 'Cancelled'], kept: ['已到场', 'Kept'], missed: ['未到场', 'Missed'], waiting: ['轮候', 'Waiting'],
  judgment: ['判决', 'Judgment'], mediation: ['调解书', 'Mediation'], ruling: ['裁定', 'Ruling'], award: ['仲裁裁决', 'Award'], notarised: ['公证债权文书', 'Notarised'], penal: ['刑事裁判', 'Penal'], administrative: ['行政裁判', 'Administrative'],
};

const FIELDS: Record<string, Entry> = {
  at: ['日期（不填为现在）', 'When (now if empty)'], from: ['起算日（不填为现在）', 'From (now if empty)'], received: ['收到日（不填为现在）', 'Received (now if empty)'], event: ['事项代码', 'Code of the event'], segment: ['环节', 'Segment'], party: ['当事人', 'Party'], purpose: ['用途', 'Purpose'], days: ['有效天数', 'Days'], found: ['查到财产件数', 'How many were found'],
  urgent: ['紧急', 'Urgent'], useful: ['属实', 'It holds'], finding: ['事项', 'Finding'], restriction: ['措施', 'Measure'], deed: ['情形', 'What happened'], kind: ['种类', 'Kind'], how: ['方式', 'How'], estimate: ['估值（元）', 'Estimate (yuan)'], waiting: ['轮候', 'Behind another court'], amount: ['金额（元）', 'Amount (yuan)'], price: ['价格（元）', 'Price (yuan)'], way: ['定价方式', 'Way'],
  what: ['款项', 'What'], document: ['凭证', 'Document'], reason: ['理由', 'Reason'], kept: ['已到场', 'Took place'], channels: ['送达方式', 'Channels'], channel: ['送达方式', 'Channel'], paper: ['文书', 'Paper'], topic: ['事项', 'Topic'], released: ['公开', 'Show it'], settled: ['已化解', 'Settled'], record: ['约谈笔录', 'Record'], granted: ['准许', 'Granted'],
  'words.title': ['名称', 'Name'], 'words.text': ['说明', 'Words'], 'words.address': ['地址', 'Address'],
};

/** What the rules answer (`detail`). What is not here is shown as it came. */
const DETAILS: Record<string, Entry> = {
  'that is not the next thing to be done with this asset': ['该财产现在不能办理这一步', 'That is not the next thing to be done with this asset'],
  'it is held already': ['该财产已被查封冻结', 'It is held already'],
  'it is not held, or its control waits behind another court’s': ['尚未查封冻结，或为轮候', 'It is not held, or its control waits'],
  'an amount is 0.01 to 10,000,000,000.00 yuan': ['金额为 0.01 至 10,000,000,000.00 元', 'An amount is 0.01 to 10,000,000,000.00 yuan'],
  'say what it is, or why': ['请写明是什么，或为什么', 'Say what it is, or why'],
  'what is not yet cannot be recorded as done': ['尚未发生的事不能记为已办', 'What is not yet cannot be recorded as done'],
  'not all five conditions are met': ['终本五项条件尚未全部具备', 'Not all five conditions are met'],
  'who asks for approval does not give it': ['报请人不能自行批准', 'Who asks for approval does not give it'],
  'only who has the file hands it over': ['只有持卷人可以移交', 'Only who has the file hands it over'],
  'who offers a file does not take it': ['移交人不能自己接收', 'Who offers a file does not take it'],
  'this code is not good, or not any more': ['移交码无效或已过期', 'This code is not good, or not any more'],
  'only the case’s handler does that': ['只有承办人可以办理', 'Only the case’s handler does that'],
  'that is not for you to do': ['您不能办理这一步', 'That is not for you to do'],
  'something has to be done before that': ['须先办理前一步', 'Something has to be done before that'],
  'money is still owed, or held by the court': ['尚有未履行或在账案款', 'Money is still owed, or held by the court'],
  'the notice has not been out long enough': ['公告期未满', 'The notice has not been out long enough'],
};

export const nameOf = (code: string): string => lookUp(NAMES, code);
export const codeOf = (code: string): string => lookUp(CODES, code);
export const fieldOf = (code: string): string => lookUp(FIELDS, code);

/** Why not, with the rule's own reason where it gives one. */
export function whyNot(error: unknown): string {
  if (error instanceof Refused && error.detail) return lookUp(DETAILS, error.detail.replaceAll("'", '’'));
  return refusalText(error);
}
