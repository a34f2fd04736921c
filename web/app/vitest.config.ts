import { defineConfig } from "vitest/config";

// What a test waits for comes, however busy the machine is; the runner's own five seconds are not enough for the compiler then.
export default defineConfig({ test: { environment: "happy-dom", include: ["test/**/*.test.{ts,tsx}"], testTimeout: 120_000, hookTimeout: 120_000 } });
