// People write yuan; the wire has fen. Never through a fraction: 0.29 × 100 is not 29 for a machine.

/** Most that one amount may be, in fen: 10,000,000,000.00 yuan. */
export const FEN_MAX = 1_000_000_000_000;

/** `12,345.6` → 1234560; `null` when it is no amount above 0 with at most two decimals. */
export function fenOf(text: string): number | null {
  const plain = text.trim().replace(/^[¥￥]\s*/, '');
  const found = /^(\d{1,11}|\d{1,3}(?:[,，]\d{3})+)(?:\.(\d{1,2}))?$/.exec(plain);
  if (!found) return null;
  const whole = Number((found[1] ?? '').replace(/[,，]/g, ''));
  const fen = whole * 100 + Number((found[2] ?? '').padEnd(2, '0'));
  return fen > 0 && fen <= FEN_MAX ? fen : null;
}

/** 1234560 → `12,345.60` */
export function yuanOf(fen: number): string {
  const whole = String(Math.floor(Math.abs(fen) / 100)).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
  return `${fen < 0 ? '-' : ''}${whole}.${String(Math.abs(fen) % 100).padStart(2, '0')}`;
}

/** What a field for a moment holds, as the wire wants it: the court's time, whatever the machine's zone. */
export const momentOf = (local: string): string => `${local.length === 16 ? `${local}:00` : local}+08:00`;
