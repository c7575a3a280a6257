import { buildDist, ENTRY_FILES, removeStaleFiles, startupBytes } from './dist.js';

try {
  const { files, metafile } = await buildDist();
  removeStaleFiles(files);
  for (const entry of ENTRY_FILES) {
    console.error(`dist/${entry} starts with ${Math.round(startupBytes(metafile, entry) / 1000)} kB.`);
  }
} catch (error) {
  console.error(`build: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
