// The nodes of the procedure in the order of the work, by the letter of their codes, and the search
// through them.

import type { ProcedureNode } from '../protocol/procedure';

export interface Group {
  letter: string;
  nodes: ProcedureNode[];
}

/** In the order in which the procedure has them. */
export function grouped(nodes: readonly ProcedureNode[]): Group[] {
  const groups = new Map<string, Group>();
  for (const node of nodes) {
    const letter = node.code.charAt(0);
    const group = groups.get(letter) ?? { letter, nodes: [] };
    group.nodes.push(node);
    groups.set(letter, group);
  }
  return [...groups.values()];
}

/** Every word of the search stands somewhere in the code, a name or what starts the clock. The chosen
    node is always among those found: what is chosen must stay to be seen. */
export function found(nodes: readonly ProcedureNode[], search: string, chosen: string): ProcedureNode[] {
  const words = search.toLowerCase().split(/\s+/).filter((word) => word !== '');
  if (words.length === 0) return [...nodes];
  return nodes.filter((node) => {
    const text = `${node.code} ${node.zh} ${node.en} ${node.start.zh} ${node.start.en}`.toLowerCase();
    return node.code === chosen || words.every((word) => text.includes(word));
  });
}
