// SPDX license expressions: is there a way to take them that an allow list permits?

/** True when the expression can be met with licences of `allowed` (a Set) alone. */
export function isAllowed(expression, allowed) {
  // Older crates write a slash where they mean OR.
  const tokens = expression.replaceAll('/', ' OR ').match(/[()]|[^\s()]+/g) ?? [];
  let at = 0;
  const peek = () => tokens[at]?.toUpperCase();

  function either() {
    let ok = both();
    while (peek() === 'OR') {
      at += 1;
      // Both sides are read in any case: a fault behind an allowed one is still a fault.
      const other = both();
      ok = ok || other;
    }
    return ok;
  }

  function both() {
    let ok = term();
    while (peek() === 'AND') {
      at += 1;
      const other = term();
      ok = ok && other;
    }
    return ok;
  }

  function term() {
    const token = tokens[at];
    if (token === undefined || /^(OR|AND|WITH|\))$/i.test(token)) {
      throw new Error(`not an SPDX expression: "${expression}"`);
    }
    at += 1;
    if (token === '(') {
      const ok = either();
      if (tokens[at] !== ')') throw new Error(`not an SPDX expression: "${expression}"`);
      at += 1;
      return ok;
    }
    if (peek() === 'WITH') {
      const exception = tokens[at + 1];
      at += 2;
      return allowed.has(`${token} WITH ${exception}`);
    }
    return allowed.has(token);
  }

  const ok = either();
  if (at !== tokens.length) throw new Error(`not an SPDX expression: "${expression}"`);
  return ok;
}
