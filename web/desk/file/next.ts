// What may be done next with a thing of the file. The rules are the server's (actors/core/src/file); this keeps
// buttons away whose answer would be no, and never decides.

import type { Asset, Closing } from './parts';
import type { Running } from './protocol';

/** Most auctions of one asset. */
const ROUNDS_MAX = 3;
const SOLD = ['sold', 'paid', 'confirmed'];

export function assetActs(asset: Asset): string[] {
  const given = asset.outcome === 'given_up';
  if (asset.outcome !== null && !given) return [];
  const acts: string[] = [];
  const open = !given;
  const held = asset.since !== null && !asset.waiting;
  if (open && asset.since === null) acts.push('asset_control');
  if (asset.waiting) acts.push('asset_take_effect');
  if (open && held) acts.push(...saleActs(asset));
  if (held) acts.push('asset_renew');
  const unsold = !SOLD.includes(asset.stage);
  if (asset.since !== null && unsold) acts.push('asset_release');
  if (open && unsold) acts.push('asset_give_up');
  return acts;
}

function saleActs({ kind, stage, round }: Asset): string[] {
  const pays = (kind === 'deposit' || kind === 'right') && stage === 'none';
  switch (stage) {
    case 'none':
      return [...(pays ? ['asset_transfer'] : []), ...(kind === 'deposit' ? [] : ['asset_ask_price'])];
    case 'pricing':
      return ['asset_report_price', 'asset_fix_price'];
    case 'priced':
      return ['asset_publish'];
    case 'published':
      return ['asset_sell', 'asset_fail'];
    case 'failed':
      return [...((round ?? 1) < ROUNDS_MAX ? ['asset_publish'] : []), 'asset_set_off'];
    case 'sold':
      return ['asset_pay_price', 'asset_fail'];
    case 'paid':
      return ['asset_confirm'];
    case 'confirmed':
      return ['asset_hand_over'];
    default:
      return [];
  }
}

/** Where the work is that a running node waits for. */
export function placeOfNode({ about, documents }: Running): string {
  if (about?.what === 'asset') return 'assets';
  if (about?.what === 'lead' || about?.what === 'restriction') return 'search';
  if (about?.what === 'receipt') return 'money';
  if (about?.what === 'petition') return 'closing';
  return documents.length > 0 ? 'papers' : 'story';
}

/** Soonest first; what has no date stands last. */
export const byDue = (nodes: readonly Running[]): Running[] =>
  [...nodes].sort((a, b) => (a.due ?? Infinity) - (b.due ?? Infinity) || (a.node < b.node ? -1 : 1));

export function closingActs(closing: Closing, approves: boolean, handles: boolean): string[] {
  const acts: string[] = [];
  if (approves && closing.asked && !closing.approved && !closing.closed) acts.push('closing_approve', 'closing_return');
  if (!handles || closing.archived) return acts;
  if (!closing.closed) {
    acts.push(...(closing.intended === null ? ['closing_intend'] : closing.interviewed ? [] : ['closing_interview']));
    acts.push(...(closing.approved ? ['closing_round'] : closing.asked ? [] : ['closing_ask']), 'closing_close');
    return acts;
  }
  if (closing.closed.how === 'round_closed') acts.push(closing.resumption === null ? 'resumption_ask' : 'resumption_decide');
  return [...acts, 'archive'];
}
