/**
 * The program and its workers from few files instead of hundreds: each command, worker and job of a cluster starts several times
 * faster, most of all from a network disk. The library stays as tsc has made it, a file for each module.
 *
 * Pieces lie in `dist/hosts/node/`, where modules look for workers and kernels beside themselves.
 */
export default {
  input: {
    "cli/main": "src/cli/main.ts",
    "hosts/node/worker": "src/hosts/node/worker.ts",
    "hosts/node/learn-worker": "src/hosts/node/learn-worker.ts",
    "hosts/node/relax-worker": "src/hosts/node/relax-worker.ts",
    "hosts/node/surface-worker": "src/hosts/node/surface-worker.ts",
  },
  platform: "node",
  resolve: { extensionAlias: { ".js": [".ts", ".js"] } },
  // These have files of their own beside them, or are large and seldom needed.
  external: ["node-sqlite3-wasm", "vega", "vega-lite"],
  output: {
    dir: "dist",
    format: "esm",
    entryFileNames: "[name].js",
    chunkFileNames: "hosts/node/program-[name].js",
  },
};
