import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const out = join(import.meta.dirname, "../dist/app");

// Files are compressed once, here, so that the server never does it for a request.
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    closeBundle() {
      const folder = join(out, "static");
      for (const name of readdirSync(folder)) {
        const content = readFileSync(join(folder, name));
        if (content.length > 1024 && /\.(js|css|svg)$/.test(name)) writeFileSync(join(folder, name + ".gz"), gzipSync(content, { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  plugins: [react(), compressed()],
  build: {
    outDir: out, emptyOutDir: true, assetsDir: "static", assetsInlineLimit: 0, target: "es2023", chunkSizeWarningLimit: 4000, modulePreload: { polyfill: false },
    // For older browsers light-dark() is rewritten to variables that nobody sets, and every such colour is lost.
    cssTarget: ["chrome123", "edge123", "firefox120", "safari17.5"],
  },
  worker: { format: "es" },
  // `npm run dev` shows changes at once beside a running `make run`.
  server: { host: "127.0.0.1", proxy: { "/api": "http://127.0.0.1:8080", "/i": "http://127.0.0.1:8080", "/docs": "http://127.0.0.1:8080", "/assets": "http://127.0.0.1:8080" } },
});
