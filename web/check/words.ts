// Every text of the page that checks receipts, Chinese and English side by side.

import { dictionary, type Entry, fill, locale, pick } from '../shared/i18n.svelte';
import type { Note, Step } from './proof/receipt';
import type { Refused, Why } from './proof/refused';

export const t = dictionary({
  brand: ['天德', 'Tiande'],
  product: ['回执核验', 'Check a receipt'],
  language: ['切换为英文', 'Switch to Chinese'],
  day: ['切换为日间', 'Day colours'],
  night: ['切换为夜间', 'Night colours'],
  print: ['打印', 'Print'],
  again: ['重新开始', 'Begin again'],
  intro: [
    '把法院给您的回执文件拖到这里，即可核对它是否真实、所交材料是否被改动。全部计算在您的浏览器里完成，文件不会上传；载入本页后可断开网络。',
    'Drop the receipt that the court gave you. This page checks that it is true and that what you handed in was not changed. All of it is computed in your browser and nothing is sent anywhere: you may cut the network now.',
  ],
  dropHere: ['将文件拖到此处，可一次拖入多个', 'Drop files here, several at once if you like'],
  // The slots
  files: ['文件', 'Files'],
  receipt: ['回执', 'Receipt'],
  receiptHint: ['法院出具的回执，或一致性证明（.json）', 'The court’s receipt, or a proof of consistency (.json)'],
  file: ['当时提交的原文件', 'The file you handed in'],
  fileHint: ['可选。用于核对法院收到的就是这一份', 'Optional. Shows that this is what the court has'],
  roots: ['您留存的日根', 'Roots you have kept'],
  rootsHint: ['可选。法院公布的 .roots 文件，或二维码扫出的文字', 'Optional. The court’s .roots file, or the text of its QR codes'],
  key: ['法院公钥', 'The court’s key'],
  keyHint: ['可选。法院另行公布的公钥（64 位十六进制）', 'Optional. The key that the court publishes (64 digits of hex)'],
  choose: ['选择文件', 'Choose a file'],
  remove: ['移除 {name}', 'Remove {name}'],
  reading: ['正在读取…', 'Reading…'],
  unreadFile: ['无法读取此文件', 'This file cannot be read'],
  // The verdict
  waiting: ['等待回执', 'Waiting for a receipt'],
  shown: ['核验通过', 'It is as the receipt says'],
  promised: ['承诺有效，尚非最终证明', 'A good promise, not a proof yet'],
  refused: ['核验不通过', 'This shows nothing'],
  stepsTitle: ['已证明', 'What was shown'],
  notesTitle: ['请注意', 'Mind'],
  factsTitle: ['回执内容', 'What the receipt is about'],
  court: ['法院', 'Court'],
  stream: ['事件流', 'Stream'],
  what: ['事项', 'Kind'],
  when: ['时间', 'When'],
  reason: ['说明', 'Why'],
  body: ['正文', 'Body'],
  hash: ['哈希', 'Hash'],
  keyNamed: ['回执所称公钥', 'Key it names'],
});

const STEPS: Record<Step['what'], Entry> = {
  record: ['{stream} 的第 {seq} 条记录与其哈希一致，未被改动', 'Record {seq} of {stream} has the hash it names: it is unchanged'],
  underRoot: [
    '它是 {court} 法院 {day} 第 {number} 号日根之下 {size} 条记录中的第 {at} 条，日根签名有效',
    'It is number {at} of {size} under root {number} of {court}, for {day}; the root is signed',
  ],
  promised: ['{court} 法院已签名承诺：至迟 {due}，它将在日根之下', '{court} has signed that it will be under a root by {due}'],
  kept: ['第 {number} 号日根与您留存的一致（共 {count} 个）', 'Root {number} is the one you have kept (of {count})'],
  file: ['文件与记录所载一致：SHA-256 {hash}', 'The file is the one that the record names: SHA-256 {hash}'],
  key: ['公钥就是您提供的那一个', 'The key is the one you gave'],
  goesOn: [
    '{court} 法院第 {second} 号日根是在第 {first} 号之上延续的，其间历史未被改写',
    'Root {second} of {court} goes on from root {first}: the history between was not rewritten',
  ],
};

const NOTES: Record<Note, Entry> = {
  noRoots: [
    '没有您自己留存的日根时，只能相信法院没有另签一份历史。请加入留存的日根文件或二维码。',
    'Without roots of your own you rely on the court not having signed another history. Add a file of roots, or a QR code.',
  ],
  noKey: ['请将下方公钥与法院公布的公钥核对。', 'Compare the key below with the one that the court publishes.'],
  onlyPromise: ['当日结束后请再次索取回执，届时即为完整证明。', 'When the day is over ask for the receipt again: then it is a proof.'],
};

const REFUSALS: Record<Why, Entry> = {
  unreadable: ['这不是天德的回执，或文件已损坏。', 'This is no receipt of Tiande, or it was damaged.'],
  recordChanged: ['记录被改动过：其哈希与回执所载不符。', 'The record was changed: its hash is not the one that the receipt names.'],
  hashUnknown: ['记录使用了未知的哈希算法。', 'The record names an unknown hash function.'],
  otherKey: ['回执所称公钥与您提供的不同。', 'The receipt names another key than the one you gave.'],
  incomplete: ['回执既没有日根和路径，也没有承诺，或两者都有。', 'The receipt has neither a root with the way to it nor a promise, or has both.'],
  rootSignature: ['日根的签名无效。', 'The root is not signed with the court’s key.'],
  rootOfOtherCourt: ['日根属于另一家法院。', 'The root is of another court than the record.'],
  rootElsewhere: ['日根不覆盖该记录所在的位置。', 'The root does not cover the record’s place in the journal.'],
  otherSize: ['路径属于另一棵树：大小不同。', 'The way to the root is of another tree: their sizes differ.'],
  otherRoot: ['从该记录出发的路径没有通到日根。', 'The way from the record does not lead to the root.'],
  promiseElsewhere: ['承诺是给另一条记录或另一家法院的。', 'The promise is for another record or of another court.'],
  promiseSignature: ['承诺的签名无效。', 'The promise is not signed with the court’s key.'],
  keptUnreadable: ['您留存的日根第 {line} 行无法读取。', 'Line {line} of your roots is no root.'],
  keptSignature: ['您留存的日根第 {line} 行签名无效（与回执的公钥不符）。', 'Line {line} of your roots is not signed with the receipt’s key.'],
  keptFork: ['您留存的日根中有两个不同的第 {number} 号：法院签过两份历史。', 'Your roots hold two that differ with number {number}: the court has signed two histories.'],
  keptBroken: ['您留存的日根在第 {number} 号处不相接。', 'Your roots do not go on from each other at number {number}.'],
  notKept: ['您留存的日根中没有第 {number} 号。请取更新的副本，或索取一致性证明。', 'Your roots do not hold number {number}: get a newer copy, or ask for a proof of consistency.'],
  contradicts: ['您留存的第 {number} 号日根与此不同：法院签过两份历史。', 'Your root {number} is another one: the court has signed two histories.'],
  noFile: ['该记录没有提到任何文件，无法与您的文件核对。', 'The record names no file, so yours cannot be held against it.'],
  otherFile: ['您的文件不是当时提交的那一份。', 'Your file is not the one that was handed in.'],
  otherCourt: ['两个日根属于两家法院。', 'The roots are of two courts.'],
  broken: ['后一个日根没有在前一个之上延续：历史被改写过。', 'The later root does not go on from the earlier one: the history was changed.'],
  keyUnreadable: ['公钥文件不是 64 位十六进制数。', 'The key is not 64 digits of hex.'],
};

/** A moment in Shanghai, to the second. */
export function moment(at: number): string {
  const shanghai = new Date(at + 8 * 3_600_000);
  return Number.isNaN(shanghai.getTime()) ? String(at) : shanghai.toISOString().slice(0, 19).replace('T', ' ');
}

export function stepText(step: Step): string {
  const params: Record<string, string | number> = { ...step.params };
  if (typeof params['due'] === 'number') params['due'] = moment(params['due']);
  return fill(pick(STEPS[step.what]), params);
}
export const noteText = (note: Note): string => pick(NOTES[note]);
export const refusalText = (refused: Refused): string => fill(pick(REFUSALS[refused.why]), refused.params);
export const inChinese = (): boolean => locale.lang === 'zh';
