import { resolve } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

// One page a build: each page has its own URL base and shares no chunk with the others, so that a
// change of the console never makes a phone load anything again.
const page = process.env['PAGE'] ?? 'console';
const here = import.meta.dirname;

export default defineConfig({
  root: resolve(here, page),
  base: `/${page}/`,
  publicDir: resolve(here, 'shared/public'),
  plugins: [svelte({ configFile: resolve(here, 'svelte.config.js') })],
  build: {
    outDir: resolve(here, 'dist', page),
    emptyOutDir: true,
    // Parties have the telephones they have; the other pages run where the court chooses.
    target: page === 'portal' ? 'es2020' : 'es2022',
    // The page's CSP allows no inline script; files below this size would become data: URLs.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1200,
  },
  server: {
    // `npx vite` beside a running server: the API and the sockets go to it.
    proxy: {
      '/api': 'http://127.0.0.1:8080',
      '/ws': { target: 'ws://127.0.0.1:8080', ws: true },
    },
  },
});
