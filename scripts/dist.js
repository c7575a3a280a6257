import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildWasm, WASM_MODULE } from './wasm.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = join(ROOT, 'dist');
const TYPES = 'types';
const STAMP = join(DIST, '.sources');
const LICENSES = 'THIRD_PARTY_LICENSES.txt';

/** What programs import. All files lie in dist/ itself, so that `new URL('./x', import.meta.url)` names the same file in each. */
const LIBRARY = { index: 'src/library/index.ts' };
/**
 * Each process is one file, in which esbuild runs a module when it is first needed. They are CommonJS: without its loader for
 * ES modules Node starts a command 15 ms earlier, and a thread 8.
 */
const PROCESSES = {
  wrapper: 'src/cli/wrapper.ts',
  meter: 'src/cli/meter-start.ts',
  usage: 'src/cli/usage.ts',
  worker: 'src/cli/worker-start.ts',
};
/** What a process runs from compiled code (src/cli/bundle.ts). */
const COMPILED = {
  'meter-main': 'src/cli/meter.ts',
  'worker-main': 'src/history/worker.ts',
  'usage-statusline': 'src/cli/usage-statusline.ts',
  'usage-reports': 'src/cli/usage-reports.ts',
  'usage-import': 'src/cli/usage-import.ts',
  'usage-all': 'src/cli/usage-all.ts',
};
/**
 * Modules that a process loads by `import()` from a separate file, because Node reads 100 kB of JavaScript in 2 ms, whether it is
 * needed or not. Such a file has copies of our classes: an error that leaves it is not known by its class (`instanceof`).
 */
const APART = {
  'config-file': 'src/config/read-file.ts',
  fleet: 'src/fleet/fleet.ts',
  'metrics-otlp': 'src/metrics/otlp.ts',
  'mcp-server': 'src/mcp/server.ts',
  table: 'src/report/table.ts',
};
export const ENTRY_FILES = [
  'index.js',
  ...Object.keys({ ...PROCESSES, ...COMPILED, ...APART }).map((name) => `${name}.cjs`),
];
/** The dashboard's page, which is bundled for browsers. */
const PAGE = { source: 'src/web/page', output: 'dist/page', entry: 'main.tsx', html: 'index.html' };

/** What `src/estimate/tokenizer.ts` loads is copied, because the whole package is 22 MB: five more encodings, four times each. */
const TIKTOKEN = 'node_modules/tiktoken';
const TOKENIZER = {
  folder: 'dist/tiktoken',
  files: ['lite/tiktoken.cjs', 'lite/tiktoken_bg.cjs', 'lite/tiktoken_bg.wasm', 'encoders/o200k_base.json'],
};
/** CommonJS packages that are bundled into the ES modules of the library call `require` for Node's modules. */
const REQUIRE = `import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url);`;

/** Builds dist/ when anything it is made of has changed. */
export async function buildDistIfStale() {
  if (isCurrent()) return;
  console.error('Building dist/ …');
  await buildDist();
}

/**
 * Bundles the commands and the library. Files are replaced one by one, entries last, and chunks of the build before stay: a
 * program that runs meanwhile finds what it loads. `removeStaleFiles` sweeps them.
 */
export async function buildDist() {
  const sources = hashSources();
  buildWasm();
  const bundles = await Promise.all([bundleLibrary(), ...bundleProcesses(sources)]);
  const metafile = {
    inputs: Object.assign({}, ...bundles.map((one) => one.metafile.inputs)),
    outputs: Object.assign({}, ...bundles.map((one) => one.metafile.outputs)),
  };
  const page = await bundlePage();
  mkdirSync(inRoot(PAGE.output), { recursive: true });
  copyTokenizer();
  const isEntry = ({ path = '' }) => Number(ENTRY_FILES.includes(basename(path)));
  const outputFiles = bundles.flatMap((one) => one.outputFiles).sort((a, b) => isEntry(a) - isEntry(b));
  const files = [...page.outputFiles, ...outputFiles];
  for (const { path, contents } of files) replaceFile(path, contents);
  replaceFile(join(DIST, LICENSES), collectLicenses([metafile, page.metafile], [TIKTOKEN]));
  await writeDeclarations();
  replaceFile(STAMP, sources);
  return { files: files.map(({ path }) => path), metafile };
}

/** @param {string[]} files the output of the newest build */
export function removeStaleFiles(files) {
  const kept = new Set([
    ...files,
    STAMP,
    join(DIST, LICENSES),
    join(DIST, TYPES),
    ...[PAGE.output, TOKENIZER.folder].map(inRoot),
  ]);
  for (const folder of [DIST, inRoot(PAGE.output)]) {
    for (const name of readdirSync(folder)) {
      if (!kept.has(join(folder, name))) rmSync(join(folder, name), { recursive: true });
    }
  }
}

/**
 * The bytes of JavaScript that Node reads before the first line of an entry runs.
 * @param {import('esbuild').Metafile} metafile
 * @param {string} entry its file in dist/
 */
export function startupBytes(metafile, entry) {
  const loaded = new Set([`dist/${entry}`]);
  let bytes = 0;
  for (const path of loaded) {
    const output = metafile.outputs[path];
    bytes += output?.bytes ?? 0;
    for (const { path: imported, kind, external } of output?.imports ?? []) {
      if (kind === 'import-statement' && !external) loaded.add(imported);
    }
  }
  return bytes;
}

function isCurrent() {
  const copied = TOKENIZER.files.map((file) => inRoot(join(TOKENIZER.folder, basename(file))));
  const built = [WASM_MODULE, ...ENTRY_FILES.map((name) => join(DIST, name)), ...copied].every(existsSync);
  return built && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === hashSources();
}

/** Hashes contents, so that a checkout of another branch and back leaves dist/ current. */
function hashSources() {
  const hash = createHash('sha256');
  const sources = ['src', 'wasm']
    .flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true }))
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name))
    .sort();
  const makers = ['scripts/dist.js', 'scripts/wasm.js', 'package.json', 'package-lock.json'];
  for (const path of [...sources, ...makers.map(inRoot)]) {
    hash.update(path.slice(ROOT.length)).update('\0').update(readFileSync(path)).update('\0');
  }
  return hash.digest('hex');
}

function bundleLibrary() {
  return bundle({ entryPoints: LIBRARY, splitting: true, format: 'esm', banner: { js: REQUIRE } });
}

/** @param {string} sources */
function bundleProcesses(sources) {
  return Object.entries({ ...PROCESSES, ...COMPILED, ...APART }).map(([name, source]) => {
    const define = { ...AS_COMMONJS.define, SOURCES: JSON.stringify(sources.slice(0, 16)) };
    return bundle({ ...AS_COMMONJS, define, entryPoints: { [name]: source }, plugins: [leaveApart, leaveOut] });
  });
}

/** @type {import('esbuild').BuildOptions} */
const AS_COMMONJS = {
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  // `require()`, at once, where `import()` would load Node's loader for ES modules.
  supported: { 'dynamic-import': false },
  define: { 'import.meta.url': '__url' },
  banner: { js: `const __url = require('node:url').pathToFileURL(__filename).href;` },
  // A fifth less to read. Node prints the line of an uncaught error, so lines stay short.
  minifySyntax: true,
  minifyWhitespace: true,
  lineLimit: 160,
};

/** @type {import('esbuild').Plugin} */
const leaveApart = {
  name: 'leave-apart',
  setup({ onResolve }) {
    onResolve({ filter: /^\.{1,2}\/.+\.js$/ }, ({ kind, path, resolveDir }) => {
      const source = relative(ROOT, join(resolveDir, path)).split(sep).join('/').replace(/\.js$/, '.ts');
      const apart = Object.entries(APART).find(([, file]) => kind === 'dynamic-import' && file === source);
      return apart && { path: `./${apart[0]}.cjs`, external: true };
    });
  },
};

/**
 * Leaves `node:child_process`, which takes 3 ms to load, out of commander: it starts other programs with it, and we have none.
 * @type {import('esbuild').Plugin}
 */
const leaveOut = {
  name: 'leave-out',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:child_process$/ }, ({ importer }) => {
      return importer.includes('commander') ? { path: 'child_process', namespace: 'left-out' } : undefined;
    });
    onLoad({ filter: /./, namespace: 'left-out' }, () => ({ contents: 'module.exports = {};' }));
  },
};

/** @param {import('esbuild').BuildOptions} options */
async function bundle(options) {
  const { build, formatMessages } = await import('esbuild');
  const result = await build({
    absWorkingDir: ROOT,
    outdir: 'dist',
    write: false,
    metafile: true,
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    mainFields: ['module', 'main'],
    legalComments: 'none',
    logLevel: 'silent',
    ...options,
  });
  for (const warning of await formatMessages(result.warnings, { kind: 'warning' })) console.error(warning);
  return { outputFiles: result.outputFiles ?? [], metafile: result.metafile ?? { inputs: {}, outputs: {} } };
}

/** Writes the types of the library's entry and of the modules that they refer to. */
async function writeDeclarations() {
  const { default: ts } = await import('typescript');
  const compilerOptions = { ...ts.getDefaultCompilerOptions(), isolatedDeclarations: true, declaration: true };
  rmSync(join(DIST, TYPES), { recursive: true, force: true });
  const modules = new Set(['library/index']);
  for (const module of modules) {
    const source = readFileSync(join(ROOT, 'src', `${module}.ts`), 'utf8');
    const { outputText, diagnostics } = ts.transpileDeclaration(source, { compilerOptions, fileName: `${module}.ts` });
    const [problem] = diagnostics ?? [];
    if (problem) throw new Error(`src/${module}.ts: ${ts.flattenDiagnosticMessageText(problem.messageText, ' ')}`);
    const path = join(DIST, TYPES, `${module}.d.ts`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, outputText);
    for (const { fileName } of ts.preProcessFile(outputText).importedFiles) {
      if (fileName.startsWith('.')) modules.add(posix.join(posix.dirname(module), fileName.replace(/\.js$/, '')));
    }
  }
}

function copyTokenizer() {
  mkdirSync(inRoot(TOKENIZER.folder), { recursive: true });
  for (const file of TOKENIZER.files) {
    replaceFile(inRoot(join(TOKENIZER.folder, basename(file))), readFileSync(inRoot(join(TIKTOKEN, file))));
  }
}

async function bundlePage() {
  const { outputFiles, metafile } = await bundle({
    ...{ entryPoints: [join(PAGE.source, PAGE.entry)], outdir: PAGE.output, splitting: true, minify: true },
    ...{ format: 'esm', platform: 'browser', target: 'es2022', mainFields: ['browser', 'module', 'main'] },
    ...{ jsx: 'automatic', jsxImportSource: 'preact' },
  });
  const html = readFileSync(inRoot(join(PAGE.source, PAGE.html)));
  return { outputFiles: [...outputFiles, { path: inRoot(join(PAGE.output, PAGE.html)), contents: html }], metafile };
}

/**
 * Returns the licences of the packages in dist/, which have to be distributed with them.
 * @param {import('esbuild').Metafile[]} metafiles
 * @param {string[]} copied folders of packages that are copied
 */
function collectLicenses(metafiles, copied) {
  const folders = metafiles
    .flatMap(({ inputs }) => Object.keys(inputs))
    .flatMap((path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []);
  return [...new Set([...folders, ...copied])].sort().map(describeLicense).join('\n');
}

/** @param {string} folder */
function describeLicense(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8'));
  const file = readdirSync(join(ROOT, folder)).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file ? readFileSync(join(ROOT, folder, file), 'utf8').trim() : '';
  return `${name} ${version} (${license})\n\n${text}\n\n${'-'.repeat(80)}\n`;
}

/**
 * Replaces a file at once: a process that reads it meanwhile gets the old one or the new one, never half of it.
 * @param {string} path
 * @param {string | Uint8Array} contents
 */
function replaceFile(path, contents) {
  const temporary = `${dirname(path)}${sep}.${basename(path)}.${process.pid}`;
  writeFileSync(temporary, contents);
  renameSync(temporary, path);
}

/** @param {string} path */
function inRoot(path) {
  return join(ROOT, path);
}
