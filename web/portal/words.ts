// Every text of the portal, Chinese and English side by side. Plain words: many who read them are old, and some
// are angry.

import { dictionary, type Entry, fill, locale, lookUp, pick } from '../shared/i18n.svelte';
import { LOCAL, Refused } from '../shared/refused';
import { dateOf, minuteOf, weekdayOf } from '../shared/shanghai';
import type { CaseView, News } from './protocol/case';
import { STOPPED } from './state/hand-in.svelte';
import { wordsOf } from './state/story';

export const t = dictionary({
  product: ['执行案件在线', 'Your enforcement case'],
  language: ['切换为英文', 'Switch to Chinese'],
  tabs: ['页面', 'Pages'],
  progress: ['进展', 'Progress'],
  messages: ['消息', 'Messages'],
  papers: ['材料', 'Papers'],
  more: ['更多', 'More'],
  nNew: ['{n} 条未读', '{n} new'],
  loading: ['正在打开…', 'Opening…'],
  retry: ['再试一次', 'Try again'],
  stale: ['没能更新，下面是 {time} 的内容。', 'Not renewed; what follows is from {time}.'],
  failedTitle: ['暂时打不开', 'It cannot be opened now'],
  refresh: ['刷新', 'Refresh'],
  // Before one is in
  gateTitle: ['请用您自己的链接进入', 'Come in by your own link'],
  gateText: [
    '请扫描法院发给您的二维码，或点开法院发来的链接。不用注册，也不用密码。',
    'Scan the code that the court gave you, or open the link that it sent. You need no account and no password.',
  ],
  gateEnded: [
    '如果您刚才还在看，说明链接已到期，或已被法院停用。请向承办法官要一个新的。',
    'If you were in a moment ago, your link has run out or the court has ended it. Ask your judge for a new one.',
  ],
  pasteLabel: ['扫不了码？把链接粘贴在这里', 'Cannot scan it? Paste the link here'],
  pasteGo: ['进入', 'Come in'],
  pasteBad: ['这不是法院的链接，或没有复制完整。', 'This is no link of the court, or a part of it is missing.'],
  deadTitle: ['这个链接打不开案件', 'This link opens no case'],
  deadText: [
    '它可能已到期、已被法院停用，或没有复制完整。案件本身不受影响。请打电话给承办法官或法院 12368，要一个新的链接。',
    'It may have run out, have been ended by the court, or be incomplete. Your case is not affected. Call your judge, or the court at 12368, for a new link.',
  ],
  identityTitle: ['这是案件的身份码', 'This code names a file'],
  identityText: [
    '这个二维码只告诉法院工作人员“这是哪一本卷宗”。它本身打不开任何内容，也看不到案件信息，谁扫都一样。',
    'This code only tells the court’s staff which file they hold. By itself it opens and shows nothing, whoever scans it.',
  ],
  identityNext: [
    '想看自己的案件，请用法院单独发给您的链接或二维码。没有的话，请向承办法官要，或拨打法院 12368。',
    'To see your case, use the link or code that the court gave to you alone. If you have none, ask your judge, or call the court at 12368.',
  ],
  handoverTitle: ['这是工作人员的交接码', 'This code is for the court’s staff'],
  handoverText: [
    '它用于法院内部交接卷宗，很快失效。工作人员请登录案头页面后扫码接收；当事人用不到它。',
    'It hands a file from one member of staff to another, and soon ends. Staff: sign in at the desk and take the file there. Parties have no use for it.',
  ],
  unknownTitle: ['这个二维码或链接不完整', 'This code or link is incomplete'],
  unknownText: ['请重新扫描，或让法院再发一次。', 'Scan it again, or ask the court to send it again.'],
  leftTitle: ['您已退出', 'You have left'],
  leftText: ['这台手机上不再能看到案件。下次请再用您的链接进入。', 'This phone shows the case no more. Use your link to come in again.'],
  // Progress
  handler: ['承办人', 'Handled by'],
  noHandler: ['尚未确定', 'Not chosen yet'],
  you: ['您', 'You'],
  recovered: ['已执行到位', 'Paid to you so far'],
  ofClaimed: ['申请金额 {sum} 元', 'of {sum} yuan claimed'],
  sum: ['{sum} 元', '{sum} yuan'],
  held: ['另有 {sum} 元已到法院账户，等待发放', '{sum} yuan more is in the court’s account, to be paid out'],
  closedOn: ['已于 {date} 结案：{how}', 'Closed on {date}: {how}'],
  roundClosed: [
    '这不是欠款消失了：对方仍须履行。发现财产可随时提供线索、申请恢复执行。',
    'The debt remains. When you hear of property, tell the court and ask it to go on.',
  ],
  roundClosedDebtor: ['债务没有消灭，您仍须履行。', 'The debt remains, and you still owe it.'],
  story: ['案件进展', 'What has happened'],
  storyEmpty: ['还没有进展通知。有新进展时会显示在这里。', 'Nothing has been reported yet. News will stand here.'],
  cut: ['只列出最近的 {n} 条', 'Only the latest {n} are listed'],
  summary: ['依法不公开具体财产和地点', 'By law, without details of assets and places'],
  nth: ['第 {n} 次', 'No. {n}'],
  lookOnly: [
    '您的链接只能查看进展。要留言、交材料，请向法院要当事人链接。',
    'Your link is for looking on. To write or hand something in, ask the court for a party’s link.',
  ],
  asOf: ['{time} 更新', 'As of {time}'],
  // News
  newsStep: ['现场处置：{what}', 'In the field: {what}'],
  newsMeasure: ['执行人员：{what}', 'Officers: {what}'],
  newsPaper: ['法院发出文书：{what}', 'The court issued: {what}'],
  newsPaperPlain: ['法院发出一份文书', 'The court issued a document'],
  newsWithdrawn: ['法院撤回了 {n} 号文书', 'The court withdrew document {n}'],
  newsMessage: ['法院给您留言', 'The court wrote to you'],
  newsSituation: ['可以查看被执行人情况：{what}', 'You may read about the debtor: {what}'],
  newsClosed: ['结案：{how}', 'Closed: {how}'],
  newsResumed: ['恢复执行', 'Enforcement goes on again'],
  newsOther: ['案件有新情况', 'Something new in the case'],
  // Messages
  thread: ['与法院的往来消息', 'Messages with the court'],
  threadEmpty: ['还没有消息。有话对承办法官说，请写在下面。', 'No messages yet. Write below to the judge who has your case.'],
  fromYou: ['我', 'Me'],
  fromCourt: ['法院', 'The court'],
  newMark: ['未读', 'New'],
  write: ['写给承办法官', 'Write to your judge'],
  send: ['发送', 'Send'],
  sending: ['正在发送…', 'Sending…'],
  left: ['还可写 {n} 字', '{n} characters left'],
  tooMany: ['超出 {n} 字', '{n} characters too many'],
  receiptOf: ['回执 {n}', 'Receipt {n}'],
  receiptFile: ['下载回执 {n}（JSON 文件）', 'Download receipt {n} (JSON)'],
  messageSent: ['已送到法院。', 'The court has it.'],
  // Papers
  forYou: ['法院给我的文书', 'From the court'],
  forYouEmpty: ['法院还没有发给您的文书。', 'There are no documents for you yet.'],
  openNote: [
    '法院从这里送达的文书，点“打开”即表示收到，时间会记入案件。',
    'What the court serves here is received when you open it; the time is put on file.',
  ],
  open: ['打开', 'Open'],
  openIt: ['打开 {title}（新页面）', 'Open {title} (new page)'],
  issuedOn: ['{date} 发出', 'Issued on {date}'],
  servedOn: ['已于 {date} 送达', 'Served on {date}'],
  signed: ['您已签字', 'You have signed it'],
  handedIn: ['我交的材料', 'What I handed in'],
  handedInEmpty: ['您还没有交过材料。', 'You have handed nothing in yet.'],
  handedInOn: ['{date} 提交', 'Handed in on {date}'],
  paperNo: ['{n} 号材料', 'Paper {n}'],
  fingerprint: ['文件指纹（SHA-256）', 'Fingerprint (SHA-256)'],
  handIn: ['交材料', 'Hand something in'],
  choose: ['选择文件', 'Choose a file'],
  photograph: ['拍照', 'Take a photo'],
  takes: ['PDF、照片（JPG、PNG、WebP）或文本，最大 50 MB', 'PDF, photo (JPG, PNG, WebP) or text, up to 50 MB'],
  chosen: ['已选：{name}，{size}', 'Chosen: {name}, {size}'],
  title: ['这是什么', 'What it is'],
  titleHint: ['例如：欠条、转账记录', 'For example: IOU, record of a transfer'],
  note: ['它说明什么（可不填）', 'What it shows (optional)'],
  submit: ['提交给法院', 'Hand in'],
  uploading: ['正在上传', 'On its way'],
  stop: ['停止', 'Stop'],
  unfitType: ['法院不收这种文件。请用 PDF、照片或文本。', 'The court does not take such a file. Use a PDF, a photo or text.'],
  unfitSize: ['文件超过 50 MB。请分成几份，或把照片调小。', 'The file is larger than 50 MB. Split it, or use smaller photos.'],
  unfitEmpty: ['这是空文件。', 'The file is empty.'],
  notWhatItSays: [
    '文件内容和类型对不上，或文本不是 UTF-8 编码。请换成 PDF 或照片。',
    'The file is not what its name says, or its text is not UTF-8. Use a PDF or a photo.',
  ],
  received: ['法院已收到', 'The court has it'],
  receiptNo: ['回执号', 'Receipt number'],
  sameHash: ['与您手机上的文件一致', 'The same as the file on your phone'],
  otherHash: ['与您手机上的文件不一致，请重新提交并告诉法院', 'Not the same as on your phone: hand it in again, and tell the court'],
  download: ['下载回执', 'Download the receipt'],
  keepIt: [
    '请保存回执和原文件。以后可用它们证明：交了什么、何时交的、没有被改动。',
    'Keep the receipt and the file. Together they show what you handed in and when, and that it was not changed.',
  ],
  check: ['核验回执', 'Check a receipt'],
  another: ['再交一份', 'Hand in another'],
  // More
  leadTitle: ['提供财产线索', 'Give a lead'],
  leadText: ['被执行人的财产、住处或行踪，您知道什么？', 'What do you know of the debtor’s property, home or whereabouts?'],
  leadPlace: ['在什么地方（可不填）', 'Where (optional)'],
  leadUrgent: ['很急：人或财产现在就在那里', 'Urgent: the person or the property is there now'],
  leadDanger: ['请不要自己去拦人、扣东西。有危险请打 110。', 'Do not stop people or take things yourself. In danger call 110.'],
  leadSend: ['提交线索', 'Send the lead'],
  leadSent: ['法院已收到线索。', 'The court has your lead.'],
  leadsGiven: ['我提供过的线索', 'Leads I gave'],
  meetTitle: ['约见法官', 'Appointments'],
  meetEmpty: ['没有约见。', 'No appointments.'],
  meetAsk: ['申请约见', 'Ask for an appointment'],
  day: ['日期', 'Date'],
  time: ['时间', 'Time'],
  reason: ['想谈什么', 'What it is about'],
  meetSend: ['提交申请', 'Ask'],
  meetSent: ['申请已送到法院，等待答复。', 'The court has your request and will answer.'],
  meetPast: ['请选一个以后的时间。', 'Choose a time that is ahead.'],
  meetPlace: ['地点：{place}', 'Place: {place}'],
  cancel: ['取消约见', 'Cancel it'],
  cancelSure: ['确定取消？', 'Cancel it?'],
  cancelYes: ['确定', 'Yes, cancel'],
  cancelNo: ['不取消', 'No, keep it'],
  consentTitle: ['电子送达', 'Electronic service'],
  consentNone: ['您没有同意电子送达。法院会用邮寄或当面的方式送达。', 'You have not agreed. The court serves you by post or in person.'],
  consentNow: ['您已于 {date} 同意：{ways}', 'You agreed on {date}: {ways}'],
  consentWhat: ['这是什么意思？', 'What does this mean?'],
  consentMeaning: [
    '同意以后，法院可以把文书发到您选的地方，和当面交给您一样有效。文书到达您确认的地址的那一刻，就算送达，期限从那时起算，不管您看没看。',
    'If you agree, the court may send documents to where you choose, and that counts as if they were handed to you. A document is served at the moment it reaches the address you confirmed, and time limits run from then, whether you have read it or not.',
  ],
  consentFree: [
    '同意与否由您决定，可以随时取消；需要纸质文书的，可以向法院要。地址变了请马上改，否则发到旧地址也算送达。',
    'You are free to agree or not, and may take it back at any time; ask the court when you want a document on paper. Change an address at once when it changes: what goes to the old one counts too.',
  ],
  consentRules: [
    '依据：《人民法院在线诉讼规则》第二十九条至第三十二条。',
    'Rules: Rules of the People’s Courts for Online Litigation, articles 29 to 32.',
  ],
  consentWays: ['发到哪里', 'Where to'],
  consentYes: ['我已看懂，同意电子送达', 'I understand and agree'],
  consentSend: ['同意', 'Agree'],
  consentChange: ['改为所选方式', 'Change to these'],
  consentEnd: ['取消同意', 'Take it back'],
  consentDone: ['已记入案件。', 'It is on file.'],
  consentSame: [
    '方式没有变。要改地址，请先取消同意，再重新填写。',
    'These are the ways you have agreed to. To change an address take it back first, then agree again.',
  ],
  consentLack: ['请填写：{ways}', 'Fill in: {ways}'],
  situationTitle: ['被执行人情况', 'How the debtor stands'],
  situationText: ['以下内容由法官决定向您公开，请勿外传。', 'The judge has decided that you may read this. Do not pass it on.'],
  situationEmpty: ['法官还没有公开内容。', 'The judge has released nothing yet.'],
  settings: ['设置', 'Settings'],
  letters: ['字的大小', 'Size of letters'],
  languageTitle: ['语言', 'Language'],
  leave: ['退出', 'Leave'],
  leaveText: ['别人也用这台手机时，看完请退出。', 'If others use this phone, leave when you are done.'],
});

const ROLES: Record<string, Entry> = {
  applicant: ['申请执行人', 'Applicant'],
  debtor: ['被执行人', 'Debtor'],
  third: ['利害关系人', 'Third party'],
  agent: ['代理人', 'Agent'],
};

const MEASURES: Record<string, Entry> = {
  arrived: ['到达现场', 'arrived'],
  announced: ['表明身份、告知', 'showed who they are and said what happens'],
  searched: ['搜查', 'searched'],
  sealed: ['查封', 'sealed something'],
  impounded: ['扣押', 'impounded something'],
  served: ['送达文书', 'served a document'],
  brought_in: ['拘传', 'brought somebody in'],
  detained: ['拘留', 'detained somebody'],
  left: ['离开现场', 'left'],
};

const ENDS: Record<string, Entry> = {
  fulfilled: ['执行完毕', 'all was paid or done'],
  settled: ['和解履行完毕', 'settled, and the agreement was kept'],
  round_closed: ['终结本次执行程序', 'this round ended without property'],
  terminated: ['终结执行', 'ended for good'],
  not_enforced: ['不予执行', 'not to be enforced'],
  rejected: ['驳回申请', 'the application was rejected'],
  transferred: ['移送其他法院', 'another court has it'],
};

const APPOINTMENTS: Record<string, Entry> = {
  asked: ['等待法院答复', 'Waits for the court’s answer'],
  made: ['已约定', 'Fixed'],
  cancelled: ['已取消', 'Cancelled'],
  kept: ['已见面', 'Took place'],
  missed: ['未到场', 'Missed'],
};

const APPOINTMENT_NEWS: Record<string, Entry> = {
  made: ['约见已定：{when}', 'Appointment fixed: {when}'],
  cancelled: ['约见已取消', 'An appointment was cancelled'],
  reminder: ['请记得约见：{when}', 'Remember your appointment: {when}'],
};

const SITUATIONS: Record<string, Entry> = {
  income: ['收入和存款', 'Income and deposits'],
  immovables: ['房产和土地', 'Houses and land'],
  vehicles: ['车辆', 'Vehicles'],
  rights: ['股权、证券、债权', 'Shares, securities, claims'],
  whereabouts: ['住处和工作', 'Home and work'],
  circumstances: ['健康、家庭、其他债务', 'Health, family, other debts'],
  measures: ['已采取的措施', 'Measures taken'],
};

const WAYS: Record<string, Entry> = {
  portal: ['本页面', 'This page'],
  sms: ['短信', 'SMS'],
  wechat: ['微信', 'WeChat'],
  email: ['电子邮箱', 'E-mail'],
};

const ADDRESSES: Record<string, Entry> = {
  sms: ['手机号', 'Telephone number'],
  wechat: ['微信号', 'WeChat ID'],
  email: ['邮箱地址', 'E-mail address'],
};

const LETTERS: Record<string, Entry> = {
  plain: ['标准', 'Plain'],
  large: ['大', 'Large'],
  huge: ['特大', 'Huge'],
};

/** What the rules answer (`detail`), for those who read Chinese. What is not here is shown as it came. */
const DETAILS: Record<string, Entry> = {
  'words are too long, or have characters that are not allowed': [
    '文字太长，或含有不能用的字符',
    'The words are too long, or have characters that are not allowed',
  ],
  'a message has words': ['请先写内容', 'Write something first'],
  'there is no such message to read': ['没有这条消息', 'There is no such message'],
  'the case has too many messages': ['本案消息已满，请联系法院', 'The case has too many messages; call the court'],
  'an appointment is ahead, within a year': ['请选一年以内、以后的时间', 'Choose a time ahead, within a year'],
  'there is no such appointment, or it is over': ['没有这个约见，或已经结束', 'There is no such appointment, or it is over'],
  'the case has too many appointments': ['本案约见已满，请联系法院', 'The case has too many appointments; call the court'],
  'a paper is a PDF, picture or plain text of up to 50 MiB': ['只收 50 MB 以内的 PDF、照片或文本', 'A paper is a PDF, photo or text of up to 50 MB'],
  'name it, or say why': ['请写明这是什么', 'Say what it is'],
  'the file has too many papers': ['本案材料已满，请联系法院', 'The file has too many papers; call the court'],
  'that is not for you to do': ['您不能做这一步', 'That is not for you to do'],
};

/** Refusals as a party needs to hear them: what it is, and what to do. */
const REFUSALS: Record<string, Entry> = {
  [LOCAL.unreachable]: ['没有网络，或法院的服务器连不上。', 'There is no network, or the court’s server cannot be reached.'],
  [LOCAL.noAnswer]: [
    '没有等到法院的答复。请先看上面有没有，没有再重发。',
    'No answer came. Look whether it is listed before you send it again.',
  ],
  'auth-required': ['您的链接已到期或已停用。', 'Your link has run out or was ended.'],
  credentials: ['这个链接打不开案件。', 'This link opens no case.'],
  forbidden: ['您的链接不能做这一步。', 'Your link is not for that.'],
  'field-invalid': ['填写的内容有误，请检查。', 'Something in it is not valid.'],
  'state-conflict': ['案件现在的状态不能这样做。', 'The case does not stand so that this can be done.'],
  'media-type': ['法院不收这种文件。请用 PDF、照片或文本。', 'The court does not take such a file.'],
  'too-large': ['内容太大。', 'It is too large.'],
  overloaded: ['现在人多，请过一分钟再试。', 'Many people are here now. Try again in a minute.'],
  'too-many': ['点得太快了，请稍等再试。', 'That was too fast. Wait a moment, then try again.'],
  'not-found': ['没有找到，或已不再提供。', 'It was not found, or is no longer there.'],
  csrf: ['请关闭页面，重新打开您的链接。', 'Close this page and open your link again.'],
  origin: ['请关闭页面，重新打开您的链接。', 'Close this page and open your link again.'],
  internal: ['法院的系统出了问题，请过几分钟再试。', 'Something failed at the court. Try again in some minutes.'],
  starting: ['法院的系统正在启动，请过一分钟再试。', 'The court’s system is starting. Try again in a minute.'],
  stopping: ['法院的系统正在维护，请过几分钟再试。', 'The court’s system is being serviced. Try again in some minutes.'],
  'journal-unavailable': ['现在无法记入案件，没有提交。请过几分钟再试。', 'It cannot be put on file now and was not received. Try again in some minutes.'],
  'storage-full': ['法院的系统没有空间了，没有提交。请告诉法院。', 'The court’s system is full and has not received it. Tell the court.'],
  [LOCAL.unreadable]: ['页面太旧了，请关闭后重新打开。', 'This page is too old. Close it and open it again.'],
  [STOPPED]: ['已停止，没有提交。', 'Stopped; nothing was handed in.'],
};

const DAYS_ZH = '日一二三四五六';
const DAYS_EN = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
const MONTHS_EN = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** 2026年12月1日, in Shanghai */
export function day(at: number): string {
  const [year = 0, month = 1, date = 1] = dateOf(at).split('-').map(Number);
  return locale.lang === 'zh' ? `${year}年${month}月${date}日` : `${date} ${MONTHS_EN[month - 1] ?? ''} ${year}`;
}

/** 2026年12月1日 周二 09:30, in Shanghai */
export function moment(at: number): string {
  const weekday = weekdayOf(dateOf(at));
  const name = locale.lang === 'zh' ? `周${DAYS_ZH[weekday] ?? ''}` : (DAYS_EN[weekday] ?? '');
  return `${day(at)} ${name} ${minuteOf(at)}`;
}

/** What is dated by days begins with one, and has no time. */
export const dayOrMoment = (at: number): string => (minuteOf(at) === '00:00' ? day(at) : moment(at));

export const roleName = (code: string): string => lookUp(ROLES, code);
export const endName = (code: string): string => lookUp(ENDS, code);
export const deedName = (code: string): string => lookUp(APPOINTMENTS, code);
export const situationName = (code: string): string => lookUp(SITUATIONS, code);
export const wayName = (code: string): string => lookUp(WAYS, code);
export const addressName = (code: string): string => lookUp(ADDRESSES, code);
export const lettersName = (code: string): string => lookUp(LETTERS, code);
export const listed = (names: readonly string[]): string => names.join(locale.lang === 'zh' ? '、' : ', ');

function nodeName(one: News): string {
  const name = one.node ? pick([one.node.zh, one.node.en]) : one.code;
  return one.number > 1 ? `${name} · ${t('nth', { n: one.number })}` : name;
}

/** One line of what happened. */
export function newsText(one: News, view: CaseView): string {
  switch (one.topic) {
    case 'node':
      return nodeName(one);
    case 'step':
      return t('newsStep', { what: nodeName(one) });
    case 'measure':
      return t('newsMeasure', { what: lookUp(MEASURES, one.code) });
    case 'paper': {
      if (one.code === 'withdrawn') return t('newsWithdrawn', { n: one.number });
      const title = wordsOf(view, `paper:${one.number}`)?.title;
      return title ? t('newsPaper', { what: title }) : t('newsPaperPlain');
    }
    case 'message':
      return t('newsMessage');
    case 'appointment': {
      const known = view.dealings?.appointments.find(({ appointment }) => appointment === one.number);
      return fill(lookUp(APPOINTMENT_NEWS, one.code), { when: known ? moment(known.at) : `${one.number}` });
    }
    case 'situation':
      return t('newsSituation', { what: situationName(one.code) });
    case 'closing':
      return one.code === 'resumed' ? t('newsResumed') : t('newsClosed', { how: endName(one.code) });
    default:
      return t('newsOther');
  }
}

/** Why not, with the reason that the server gives. */
export function refusalText(error: unknown): string {
  if (!(error instanceof Refused)) return String(error);
  if (error.detail) return lookUp(DETAILS, error.detail);
  // Something between here and the court has answered.
  if (error.code.startsWith('http-')) return lookUp(REFUSALS, 'internal');
  return error.code in REFUSALS ? lookUp(REFUSALS, error.code) : error.message || error.code;
}
