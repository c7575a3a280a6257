import { expect, test } from 'vitest';
import { AGENTS, describeSessionFolders, findHomes, listSessionFolders } from '../../src/agents/registry.js';

test.each(Object.values(AGENTS))('help says where the session files of $label are', (agent) => {
  const line = describeSessionFolders()
    .split('\n')
    .find((one) => one.includes(agent.label));
  for (const part of [`$${agent.homeVariable}`, ...agent.sessionFolders]) expect(line).toContain(part);
});

test('a home that a variable names replaces the usual ones, and may be several', () => {
  const homes = findHomes({ CODEX_HOME: '/a, /b,' }, ['codex', 'gemini']);
  expect(homes).toEqual({ codex: ['/a', '/b'], gemini: AGENTS.gemini.usualHomes });
  expect(listSessionFolders({ codex: homes.codex ?? [] })).toEqual(
    ['/a', '/b'].flatMap((home) => [`${home}/sessions`, `${home}/archived_sessions`]),
  );
});
