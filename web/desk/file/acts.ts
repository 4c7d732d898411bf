// What each act of a file asks for (PROTOCOL §11). One table, so that every form is made and refused alike.

export type Kind = 'party' | 'yuan' | 'day' | 'moment' | 'flag' | 'number' | 'line' | 'channels' | 'paper' | readonly string[];

export interface Field {
  name: string;
  kind: Kind;
  optional?: boolean;
}

export interface Act {
  fields: Field[];
  /** Which words go with it. */
  words: ('title' | 'text' | 'address')[];
  /** It cannot be taken back, and is shown as such. */
  danger?: boolean;
}

export const CHANNELS = ['portal', 'sms', 'wechat', 'email', 'in_person', 'post'] as const;

const at: Field = { name: 'at', kind: 'day', optional: true };
const from: Field = { name: 'from', kind: 'day', optional: true };
const party: Field = { name: 'party', kind: 'party' };
const paper: Field = { name: 'paper', kind: 'paper' };
const price: Field = { name: 'price', kind: 'yuan' };
const flag = (name: string): Field => ({ name, kind: 'flag' });
const of = (fields: Field[] = [], words: Act['words'] = [], danger = false): Act => ({ fields, words, danger });

export const ACTS: Record<string, Act> = {
  docket: of([at]),
  note: of([{ name: 'event', kind: 'line' }, at], ['text']),
  handover_offer: of([{ name: 'segment', kind: ['control', 'field', 'adjudication'] }]),
  handover_withdraw: of([], [], true),
  link_grant: of([party, { name: 'purpose', kind: ['party', 'look'] }, { name: 'days', kind: 'number' }]),
  link_revoke: of([], [], true),
  inquire: of([party]),
  inquiry_answer: of([{ name: 'found', kind: 'number' }]),
  inquiry_fail: of([], [], true),
  lead: of([flag('urgent')], ['text', 'address']),
  lead_verify: of([flag('useful')], ['text']),
  state: of([{ name: 'finding', kind: ['report_checked', 'listing_not_due', 'debtor_present', 'debtor_sought', 'local_search_done'] }], ['text']),
  restrict: of([{ name: 'restriction', kind: ['consumption', 'blacklist'] }, party, { name: 'deed', kind: ['imposed', 'ground_arose', 'lifted'] }, at], ['text']),
  asset_find: of([{ name: 'kind', kind: ['deposit', 'movable', 'vehicle', 'immovable', 'right'] }, { name: 'how', kind: ['query', 'report', 'lead', 'field'] }, { name: 'estimate', kind: 'yuan', optional: true }, at], ['title', 'text', 'address']),
  asset_control: of([from, flag('waiting')]),
  asset_take_effect: of([from]),
  asset_renew: of([from]),
  asset_ask_price: of([{ name: 'way', kind: ['negotiation', 'authority', 'online', 'appraisal'] }, at]),
  asset_report_price: of([at]),
  asset_fix_price: of([price, at]),
  asset_publish: of([at]),
  asset_fail: of([at], [], true),
  asset_sell: of([price, at]),
  asset_pay_price: of([at]),
  asset_set_off: of([price, at]),
  asset_confirm: of([at]),
  asset_hand_over: of([at]),
  asset_transfer: of([{ name: 'amount', kind: 'yuan' }, at]),
  asset_release: of([at], ['text'], true),
  asset_give_up: of([at], ['text'], true),
  money_post: of([{ name: 'what', kind: ['received', 'paid_out', 'claimed', 'waived', 'refunded', 'set_off'] }, { name: 'amount', kind: 'yuan' }, { name: 'document', kind: 'line' }]),
  money_reverse: of([{ name: 'reason', kind: 'line' }], [], true),
  message: of([party], ['text']),
  appointment_make: of([party, { name: 'at', kind: 'moment' }], ['text']),
  appointment_agree: of([{ name: 'at', kind: 'moment' }]),
  appointment_cancel: of([], [], true),
  appointment_close: of([flag('kept')]),
  consent: of([party, { name: 'channels', kind: 'channels' }], ['address']),
  send: of([paper, party, { name: 'channel', kind: CHANNELS }]),
  arrived: of([{ name: 'how', kind: ['delivered', 'read', 'receipt'] }, at]),
  situation_note: of([party, { name: 'topic', kind: ['income', 'immovables', 'vehicles', 'rights', 'whereabouts', 'circumstances', 'measures'] }], ['text']),
  situation_release: of([flag('released')]),
  petition_log: of([{ name: 'received', kind: 'day', optional: true }], ['text']),
  petition_answer: of([flag('settled')], ['text']),
  paper_signed: of([party]),
  paper_withdraw: of([], ['text'], true),
  closing_intend: of(),
  closing_interview: of([{ name: 'record', kind: 'paper' }, at]),
  closing_ask: of([], ['text']),
  closing_approve: of([], ['text']),
  closing_return: of([], ['text'], true),
  closing_round: of([], ['text'], true),
  closing_close: of([{ name: 'how', kind: ['fulfilled', 'settled', 'terminated', 'not_enforced', 'rejected', 'transferred'] }, at], ['text'], true),
  resumption_ask: of([], ['text']),
  resumption_decide: of([flag('granted')], ['text']),
  archive: of([], [], true),
};
