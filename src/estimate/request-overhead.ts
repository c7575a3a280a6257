import type { SessionHeader, ThreadRole } from '../usage/session-item.js';

/** How Codex treats a model: as one in its list, as one that it does not know, or as gpt-5.6 and later. */
type Standing = 'listed' | 'unlisted' | 'composed';
type Tokens = Readonly<Record<ThreadRole, number>>;

/** The tokens that a request has beside the items in its session file. */
interface Overhead {
  /** The release that it was measured with. */
  readonly since: string;
  readonly listed: Tokens;
  readonly unlisted: Tokens;
  /** The tools of models that get them as an item of the conversation, which is in the file since 0.169. */
  readonly composed: Tokens | undefined;
}

/**
 * o200k tokens of the JSON of the tools, measured in the requests that the npm builds of Codex sent with the default
 * settings of `codex exec`: without MCP servers, to a provider that is not named OpenAI.
 */
const OVERHEADS: readonly Overhead[] = [
  measured('0.44.0', [238, 238, 238], [238, 238, 238]),
  measured('0.63.0', [1023, 1023, 1023], [805, 805, 805]),
  measured('0.80.0', [1053, 1053, 1053], [812, 812, 1053]),
  measured('0.98.0', [1738, 1738, 1477], [1488, 1488, 1477]),
  measured('0.101.0', [1734, 1734, 1473], [1484, 1484, 1473]),
  measured('0.110.0', [1367, 1367, 819], [1117, 1117, 819]),
  measured('0.115.0', [4048, 1080, 1069], [3798, 830, 819]),
  measured('0.125.0', [4138, 4138, 1422], [3812, 3812, 1105]),
  measured('0.137.0', [2110, 1935, 1315], [3340, 1643, 1032]),
  measured('0.145.0', [2244, 2069, 1452], [3895, 1775, 1167], [4545, 4545, 2826]),
  measured('0.150.0', [2109, 1934, 1317], [3764, 1640, 1032], [4548, 4548, 2705]),
  measured('0.153.4', [1950, 1775, 1158], [3581, 1481, 873], [4409, 4409, 2557]),
  measured('0.160.0', [1998, 1823, 1158], [3616, 1529, 873], [4421, 4421, 2557]),
  measured('0.169.0', [1941, 1790, 1125], [3616, 1529, 873], [0, 0, 0]),
  measured('0.171.0', [1932, 1781, 1116], [3871, 1520, 864], [0, 0, 0]),
];

interface InstructionTokens {
  /** The tokens by model name. The first name that matches counts. */
  readonly listed: readonly (readonly [names: RegExp, tokens: number])[];
  readonly unlisted: number;
}

/** The tokens of the instructions, by release: of those whose files do not hold them. */
const INSTRUCTIONS: ReadonlyMap<string, InstructionTokens> = new Map([
  ['0.44.0', { listed: [[/^gpt-5-codex/, 2230] as const], unlisted: 5102 }],
  [
    '0.63.0',
    {
      listed: [
        [/^gpt-5\.1-codex-max/, 2485],
        [/^gpt-5(\.1)?-codex/, 2297],
        [/^gpt-5\.1/, 5977],
      ] as const,
      unlisted: 5102,
    },
  ],
  [
    '0.80.0',
    {
      listed: [
        [/^gpt-5\.(1-codex-max|2-codex)/, 2476],
        [/^gpt-5(\.1)?-codex/, 2288],
        [/^gpt-5\.1/, 5929],
        [/^gpt-5\.2/, 5419],
      ] as const,
      unlisted: 5063,
    },
  ],
]);

/** Codex's prompt that asks for a summary, 0.63 to 0.169: measured as above. It comes without tools. */
export const COMPACTION_PROMPT_TOKENS = 89;
/** The instructions of a review, in releases whose files do not hold them (0.80). */
const REVIEW_INSTRUCTION_TOKENS = 1370;
/** What Codex up to 0.80 adds for unlisted models of these names: how to use `apply_patch`. Measured as above. */
const PATCHING_MODEL = /^(gpt-[45]|o[34]|codex-)/;
const PATCHING_TOKENS = 752;

/** How the instructions begin for a model that is not in Codex's list (0.98 to 0.169). */
const UNLISTED_INSTRUCTIONS = 'You are a coding agent running in the Codex CLI';
const COMPOSED_MODEL = /^gpt-(5\.[6-9]|5\.\d\d|[6-9]|\d\d)/;
const LISTED_MODEL = /^gpt-5\.[2-5]/;
/** Codex 0.153.4 to 0.169 sends its instructions without these sections, because it offers no `update_plan`. */
const PLANNING_SECTIONS = /\n## Planning\n.*?(?=\n## )|\n## `update_plan`\n.*?(?=\n## |$)/gs;
const NO_PLANNING_SINCE = '0.153.4';

/** The model and the Codex of the thread that sends a request. For an unknown version, the newest measured release is assumed. */
export interface Requester {
  readonly header: SessionHeader | undefined;
  readonly model: string | undefined;
  readonly cliVersion: string | undefined;
}

/** Returns the tokens of the tool schemas in a request, which are not in the session file. */
export function schemaTokens(requester: Requester): number {
  const overhead = overheadOf(requester.cliVersion);
  return (overhead[standingOf(requester)] ?? overhead.unlisted)[requester.header?.role ?? 'main'];
}

/** Whether Codex offers its tools when it asks the provider to compact: in 0.115 to 0.171, not in 0.80 to 0.114. */
export function compactsWithTools(cliVersion: string | undefined): boolean {
  return compareVersions(cliVersion, '0.115.0') >= 0;
}

/** Returns the instructions as Codex sends them. Undefined where the file does not hold them. */
export function sentInstructions({ instructions }: SessionHeader, cliVersion: string | undefined): string | undefined {
  const whole = compareVersions(cliVersion, NO_PLANNING_SINCE) < 0;
  return whole ? instructions : instructions?.replace(PLANNING_SECTIONS, '');
}

/** Returns the tokens of the instructions where the file does not hold them; 0 where it does. */
export function missingInstructionTokens(requester: Requester): number {
  const instructions = INSTRUCTIONS.get(overheadOf(requester.cliVersion).since);
  if (!instructions || requester.header?.instructions !== undefined) return 0;
  if (requester.header?.role === 'review') return REVIEW_INSTRUCTION_TOKENS;
  const listed = listedTokens(instructions, requester.model);
  return listed ?? instructions.unlisted + (PATCHING_MODEL.test(requester.model ?? '') ? PATCHING_TOKENS : 0);
}

function listedTokens({ listed }: InstructionTokens, model = ''): number | undefined {
  return listed.find(([names]) => names.test(model))?.[1];
}

/** Decides by the instructions, which say nothing in a review, or by the release's list of models when the file has no instructions. */
function standingOf({ header, model = '', cliVersion }: Requester): Standing {
  const { instructions, role } = header ?? {};
  if (instructions === undefined) {
    const known = INSTRUCTIONS.get(overheadOf(cliVersion).since);
    return known && listedTokens(known, model) === undefined ? 'unlisted' : 'listed';
  }
  if (instructions.startsWith(UNLISTED_INSTRUCTIONS)) return 'unlisted';
  if (COMPOSED_MODEL.test(model)) return 'composed';
  return role === 'review' && !LISTED_MODEL.test(model) ? 'unlisted' : 'listed';
}

/** Returns the overhead that was measured on the nearest earlier release, or on the oldest one. */
function overheadOf(cliVersion: string | undefined): Overhead {
  const known = OVERHEADS.filter(({ since }) => compareVersions(cliVersion, since) >= 0);
  return (known.at(-1) ?? OVERHEADS[0]) as Overhead;
}

/** Above 0 when `version` is later than `other`; an unknown version is later than all. */
function compareVersions(version: string | undefined, other: string): number {
  if (version === undefined) return 1;
  const numbers = (text: string) => text.split('.').map((part) => Number.parseInt(part, 10) || 0);
  const [ours, theirs] = [numbers(version), numbers(other)];
  const differences = [0, 1, 2].map((part) => (ours[part] ?? 0) - (theirs[part] ?? 0));
  return differences.find((difference) => difference !== 0) ?? 0;
}

/** Tokens are of a thread of the run itself, of a sub-agent and of a review. */
function measured(since: string, listed: Measured, unlisted: Measured, composed?: Measured): Overhead {
  const toTokens = ([main, child, review]: Measured): Tokens => ({ main, child, review });
  return { since, listed: toTokens(listed), unlisted: toTokens(unlisted), composed: composed && toTokens(composed) };
}

type Measured = readonly [main: number, child: number, review: number];
