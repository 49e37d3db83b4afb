import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    outDir: 'built',
    emptyOutDir: true,
    manifest: true,
    // The licences of the libraries in the bundle ask for their notices.
    license: { fileName: 'THIRD_PARTY_LICENSES.txt' },
    // Browsers that know the module graph need no script for its preloading.
    modulePreload: { polyfill: false },
    // The policy of the page allows no `data:` but for images.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    target: 'baseline-widely-available',
    // These know `light-dark()`.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    chunkSizeWarningLimit: 600,
    rolldownOptions: {
      output: {
        // Small modules that most pages use compress better in one file than in one for each set of pages.
        codeSplitting: { groups: [{ name: 'shared', minShareCount: 26 }] },
      },
    },
  },
})
