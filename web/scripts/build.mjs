// Builds every page into dist/<page>/ and writes the compressed variants beside the files.
import { build } from 'vite';
import { precompress } from './precompress.mjs';

const root = new URL('..', import.meta.url).pathname;
const pages = ['console', 'handheld', 'desk', 'check', 'portal'];

for (const page of pages) {
  process.env['PAGE'] = page;
  await build({ configFile: `${root}vite.config.ts`, logLevel: 'warn' });
}
await precompress(`${root}dist`);
