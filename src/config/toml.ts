import { type AST, getStaticTOMLValue, ParseError, parseTOML } from 'toml-eslint-parser';

export type KeyPath = readonly (string | number)[];

/** A TOML text, and where in it things stand. */
export interface TomlDocument {
  readonly value: unknown;
  /** The line, from 1, of the key at `path`, or of the nearest table around it. */
  lineOf(path: KeyPath): number;
}

/** Why a text is not TOML. */
export interface TomlFault {
  readonly line: number;
  readonly problem: string;
}

/** Reads a TOML text. What is not TOML comes back as a fault. */
export function parseToml(text: string): TomlDocument | TomlFault {
  try {
    const program = parseTOML(text, { tomlVersion: '1.0' });
    const lines = new Map<string, number>();
    for (const node of program.body[0].body) noteLines(node, [], lines);
    return {
      value: getStaticTOMLValue(program),
      lineOf(path) {
        for (let length = path.length; length > 0; length--) {
          const line = lines.get(nameOf(path.slice(0, length)));
          if (line !== undefined) return line;
        }
        return 1;
      },
    };
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    return { line: error.lineNumber, problem: error.message };
  }
}

function noteLines(node: AST.TOMLKeyValue | AST.TOMLTable, above: KeyPath, lines: Map<string, number>): void {
  const path = node.type === 'TOMLTable' ? node.resolvedKey : [...above, ...getStaticTOMLValue(node.key)];
  const name = nameOf(path);
  // The first mention: `[budget.run]` below `[budget]` is not where the latter stands.
  if (!lines.has(name)) lines.set(name, node.loc.start.line);
  if (node.type === 'TOMLTable') for (const child of node.body) noteLines(child, path, lines);
  else noteLinesOfValue(node.value, path, lines);
}

function noteLinesOfValue(value: AST.TOMLContentNode, path: KeyPath, lines: Map<string, number>): void {
  if (value.type === 'TOMLInlineTable') for (const child of value.body) noteLines(child, path, lines);
  if (value.type !== 'TOMLArray') return;
  for (const [index, element] of value.elements.entries()) {
    lines.set(nameOf([...path, index]), element.loc.start.line);
    noteLinesOfValue(element, [...path, index], lines);
  }
}

function nameOf(path: KeyPath): string {
  return JSON.stringify(path);
}
