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
  readonly composed?: Tokens;
  /** The tokens of the instructions, in releases whose files do not hold them. */
  readonly instructions?: InstructionTokens;
}

interface InstructionTokens {
  /** The tokens by model name. The first name that matches counts. */
  readonly listed: readonly (readonly [names: RegExp, tokens: number])[];
  readonly unlisted: number;
}

/**
 * o200k tokens of the JSON of the tools, measured in the requests that the npm builds of Codex sent with the default
 * settings of `codex exec`: without MCP servers, to a provider that is not named OpenAI.
 */
const OVERHEADS: readonly Overhead[] = [
  {
    ...{ since: '0.44.0', listed: tools(238, 238, 238), unlisted: tools(238, 238, 238) },
    instructions: { listed: [[/^gpt-5-codex/, 2230]], unlisted: 5102 },
  },
  {
    ...{ since: '0.63.0', listed: tools(1023, 1023, 1023), unlisted: tools(805, 805, 805) },
    instructions: {
      listed: [
        [/^gpt-5\.1-codex-max/, 2485],
        [/^gpt-5(\.1)?-codex/, 2297],
        [/^gpt-5\.1/, 5977],
      ],
      unlisted: 5102,
    },
  },
  {
    ...{ since: '0.80.0', listed: tools(1053, 1053, 1053), unlisted: tools(812, 812, 1053) },
    instructions: {
      listed: [
        [/^gpt-5\.(1-codex-max|2-codex)/, 2476],
        [/^gpt-5(\.1)?-codex/, 2288],
        [/^gpt-5\.1/, 5929],
        [/^gpt-5\.2/, 5419],
      ],
      unlisted: 5063,
    },
  },
  { since: '0.98.0', listed: tools(1738, 1738, 1477), unlisted: tools(1488, 1488, 1477) },
  { since: '0.101.0', listed: tools(1734, 1734, 1473), unlisted: tools(1484, 1484, 1473) },
  { since: '0.110.0', listed: tools(1367, 1367, 819), unlisted: tools(1117, 1117, 819) },
  { since: '0.115.0', listed: tools(4048, 1080, 1069), unlisted: tools(3798, 830, 819) },
  { since: '0.125.0', listed: tools(4138, 4138, 1422), unlisted: tools(3812, 3812, 1105) },
  { since: '0.137.0', listed: tools(2110, 1935, 1315), unlisted: tools(3340, 1643, 1032) },
  {
    ...{ since: '0.145.0', listed: tools(2244, 2069, 1452), unlisted: tools(3895, 1775, 1167) },
    composed: tools(4545, 4545, 2826),
  },
  {
    ...{ since: '0.150.0', listed: tools(2109, 1934, 1317), unlisted: tools(3764, 1640, 1032) },
    composed: tools(4548, 4548, 2705),
  },
  {
    ...{ since: '0.153.4', listed: tools(1950, 1775, 1158), unlisted: tools(3581, 1481, 873) },
    composed: tools(4409, 4409, 2557),
  },
  {
    ...{ since: '0.160.0', listed: tools(1998, 1823, 1158), unlisted: tools(3616, 1529, 873) },
    composed: tools(4421, 4421, 2557),
  },
  {
    ...{ since: '0.169.0', listed: tools(1941, 1790, 1125), unlisted: tools(3616, 1529, 873) },
    composed: tools(0, 0, 0),
  },
  {
    ...{ since: '0.171.0', listed: tools(1932, 1781, 1116), unlisted: tools(3871, 1520, 864) },
    composed: tools(0, 0, 0),
  },
];

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
  const { instructions } = overheadOf(requester.cliVersion);
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
    const known = overheadOf(cliVersion).instructions;
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

function tools(main: number, child: number, review: number): Tokens {
  return { main, child, review };
}
