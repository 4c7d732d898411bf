// Ids of commands. Not crypto.randomUUID: that exists only in secure contexts, and a court's test
// installation may run on plain http inside its own network.

export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
