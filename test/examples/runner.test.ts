import { beforeEach, describe, expect } from 'vitest';
import { addRow, findRow, type Project } from '../../examples/runner/database.js';
import { readRecord } from '../harness/record.js';
import { createGate, waitFor } from '../harness/wait.js';
import type { Workbench } from '../harness/workbench.js';
import { answer, FAILURE, type Scenario, shell, turn } from '../scripted-api/script.js';
import { type Owner, readBill, readPage } from './bill.js';
import { type ControlCenter, test } from './control-center.js';

/** What the models answer: the first review asks for more, the second approves. */
const WORK: readonly Scenario[] = [
  turn(
    'Build:',
    shell('ls', { input: 50_000, cached: 2560, output: 700, reasoning: 11 }),
    answer('{"summary":"Sorted."}', { input: 59_000, cached: 53_760, cacheWrite: 1280, output: 330 }),
  ),
  turn(
    'Review round 1',
    answer('{"verdict":"revise","remarks":"By price."}', { input: 31_000, output: 410, reasoning: 30 }),
  ),
  turn('Review round 2', answer('{"verdict":"approve","remarks":""}', { input: 33_000, cached: 30_720, output: 120 })),
  turn('Write the handoff', answer('{"text":"Shelves are sorted."}', { input: 21_000, cached: 10_240, output: 550 })),
  turn('Chat:', answer('{"reply":"The shelves."}', { input: 14_000, output: 90, reasoning: 20 })),
  turn('Suggest what', answer('{"reason":"Nothing."}', { input: 9000, cached: 1024, output: 40 })),
  turn('Summarise this', answer('{"summary":"Shelves."}', { input: 7000, output: 60 })),
  turn('Draft a task', answer('{"text":"Sort them."}', { input: 11_000, output: 800 })),
];

/** A builder that has a question, and what it says at its end. */
const QUESTION = 'QUESTION: Which colour?';
const ASK = shell('ls', { input: 40_000, output: 300 }, { message: QUESTION });
const PAINTED = answer('{"summary":"Painted."}', { input: 44_000, cached: 38_400, output: 120 });

const TIMEOUT = { timeout: 180_000 };
/** How long the page may take to be right after the last call. */
const SOON = { timeout: 5000, interval: 100 };

beforeEach<{ bench: Workbench }>(({ bench }) => bench.api.add(...WORK));

function expectPage(bench: Workbench, center: ControlCenter, project: Project, owners: readonly Owner[]) {
  return expect.poll(() => readPage(center, project), SOON).toEqual(readBill(bench.api, project, owners));
}

/** Everything that a control center does for a project. Returns who owns which prompts. */
async function doAll(center: ControlCenter, project: Project, home: Project): Promise<Owner[]> {
  await center.ask(`draft ${project.id} a shop that is tidy`);
  await center.ask(`suggest ${project.id} what next`);
  const run = await center.start(project, 'Sort the shelves');
  expect(await center.runEnd(run)).toMatchObject({ status: 'approved' });
  const chat = await center.chatEnd(await center.ask(`chat ${project.id} what was done`));
  expect(chat).toMatchObject({ status: 'done', answer: 'The shelves.' });
  await center.ask(`summary ${project.id}`);
  return [
    { says: 'Sort the shelves', project, run },
    // It works in the control center's own folder, and nothing tells which project it speaks of.
    { says: 'Summarise', project: home },
    { says: 'a shop that is tidy', project },
    { says: 'what next', project },
    { says: 'what was done', project },
  ];
}

describe('the page of a runner that starts codex', TIMEOUT, () => {
  test.scoped({ codex: 'codex' });
  test('shows guesses: far too little, and nothing at all for its chats and its handoff', async ({
    bench,
    center,
    shop,
  }) => {
    const home = await center.addProject('control-center');
    const owners = await doAll(center, shop, home);
    const [page, bill] = [readPage(center, shop), readBill(bench.api, shop, owners)];
    expect(page.total).toBeLessThan(bill.total / 4);
    expect(page.byCategory).toMatchObject({ chat: 0, handoff: 0, other: 0 });
    const rows = center.db.prepare('SELECT is_actual, count(*) AS count FROM cost_records GROUP BY is_actual').all();
    expect(rows).toEqual([{ is_actual: 0, count: 7 }]);
  });
});

describe('what codex-metered records of a runner', TIMEOUT, () => {
  test('is each of its calls, by its phase and round, and each response once', async ({ bench, center, shop }) => {
    const run = (await doAll(center, shop, shop))[0]?.run;
    // The meter of the last call may still be at work.
    const steps = () => readRecord(center.ownDatabase).map(({ phase, iteration }) => `${phase} ${iteration}`);
    await expect
      .poll(steps, SOON)
      .toEqual([
        ...['other 1', 'chat 1', 'builder 1', 'reviewer 1', 'builder 2', 'reviewer 2', 'handoff 1', 'chat 2', 'chat 1'],
      ]);
    const ended = () => readRecord(center.ownDatabase).every(({ status }) => status === 'completed');
    await expect.poll(ended, SOON).toBe(true);
    const recorded = readRecord(center.ownDatabase);
    const keys = recorded.flatMap(({ responses }) => responses.map(({ responseKey }) => responseKey));
    expect(keys.toSorted()).toEqual(bench.api.ledger.map(({ responseId }) => responseId).toSorted());
    const ofRun = recorded.filter(({ phase }) => phase === 'builder' || phase === 'reviewer');
    expect(new Set(ofRun.map(({ runId }) => runId))).toEqual(new Set([run]));
  });
});

describe('the page of a runner that starts codex-metered is what the API billed', TIMEOUT, () => {
  test('for two rounds, the handoff, a chat, a suggestion, a summary and a draft', async ({ bench, center, shop }) => {
    // The control center is one of its own projects, and its folder holds the files of all chats.
    const home = await center.addProject('control-center');
    const owners = await doAll(center, shop, home);
    await expectPage(bench, center, shop, owners);
    await expectPage(bench, center, home, owners);
    expect(bench.api.unmatched).toEqual([]);
    const guesses = center.db.prepare('SELECT count(*) FROM cost_records WHERE is_actual = 0').pluck().get();
    expect(guesses).toBe(0);
  });

  test('for a chat that works in a work tree beside the control center', async ({ bench, center, shop }) => {
    const home = await center.addProject('control-center');
    await center.chatEnd(await center.ask(`edit ${shop.id} tidy up`));
    await expectPage(bench, center, shop, [{ says: 'tidy up', project: shop }]);
    expect(readPage(center, home).total).toBe(0);
  });

  test('for a builder that is paused until a person has answered', async ({ bench, center, shop }) => {
    const answered = createGate();
    bench.api.add(
      turn('was answered: green', PAINTED),
      turn('Build: Paint', ASK, { ...PAINTED, until: answered.opened }),
    );
    const run = await center.start(shop, 'Paint the shop');
    await waitFor('the question', () => findRow(center.db, 'runs', run).question === 'Which colour?');
    await center.ask(`answer ${run} green`);
    answered.open();
    expect(await center.runEnd(run)).toMatchObject({ status: 'approved', answer: 'green' });
    await expectPage(bench, center, shop, [{ says: 'Paint the shop', project: shop, run }]);
  });

  test('for a run that is cancelled', async ({ bench, center, shop }) => {
    const [first] = WORK[0]?.replies ?? [];
    bench.api.add(turn('Build: Move', { ...first }, { hang: true }));
    const run = await center.start(shop, 'Move the shop');
    await waitFor('the second request', () => bench.api.requests.length === 2);
    await center.ask(`cancel ${run}`);
    expect(await center.runEnd(run)).toMatchObject({ status: 'cancelled' });
    await expectPage(bench, center, shop, [{ says: 'Move the shop', project: shop, run }]);
  });

  test('for a run that is cancelled while it is paused', async ({ bench, center, shop }) => {
    const [first] = WORK[0]?.replies ?? [];
    // A pause can hold Codex still before it has read the end of the response that it asks in: that one never ends.
    bench.api.add(turn('Build: Paint', { ...first }, { message: QUESTION, hang: true }));
    const run = await center.start(shop, 'Paint the shop');
    await waitFor('the question', () => findRow(center.db, 'runs', run).question !== null);
    await center.ask(`cancel ${run}`);
    await expectPage(bench, center, shop, [{ says: 'Paint the shop', project: shop, run }]);
  });

  test('for a run whose turn fails, and the handoff of that', async ({ bench, center, shop }) => {
    const [first] = WORK[0]?.replies ?? [];
    bench.api.add(turn('Build: Fly', { ...first }, FAILURE));
    const run = await center.start(shop, 'Fly the shop');
    expect(await center.runEnd(run)).toMatchObject({ status: 'failed' });
    await expectPage(bench, center, shop, [{ says: 'Fly the shop', project: shop, run }]);
  });

  test('for a chat that is stopped because it does what it may not', async ({ bench, center, shop }) => {
    bench.api.add(
      turn(
        'Chat: look around',
        shell('sleep 60', { input: 14_000, output: 210 }),
        answer('{"reply":"Looked."}', { input: 15_000, output: 30 }),
      ),
    );
    const chat = await center.chatEnd(await center.ask(`chat ${shop.id} look around`));
    expect(chat).toMatchObject({ status: 'failed', answer: 'this chat may run no command' });
    await expectPage(bench, center, shop, [{ says: 'look around', project: shop }]);
  });

  test('for two projects at once, each with its runs and chats', async ({ bench, center, shop }) => {
    const bakery = await center.addProject('bakery');
    const owners: Owner[] = [];
    const chats: string[] = [];
    for (const project of [shop, bakery]) {
      for (const task of ['Sort the shelves', 'Clean the floor']) {
        const says = `${task} of ${project.id}`;
        owners.push({ says, project, run: await center.start(project, says) });
      }
      const says = `what of ${project.id}`;
      owners.push({ says, project });
      for (const way of ['chat', 'edit']) chats.push(await center.ask(`${way} ${project.id} ${says}`));
    }
    for (const { run } of owners) if (run) expect(await center.runEnd(run)).toMatchObject({ status: 'approved' });
    for (const chat of chats) expect(await center.chatEnd(chat)).toMatchObject({ status: 'done' });
    for (const project of [shop, bakery]) await expectPage(bench, center, project, owners);
  });

  test('and leaves alone what the runner booked before', async ({ bench, center, shop }) => {
    const old = {
      ...{
        project_id: shop.id,
        run_id: null,
        category: 'chat',
        is_actual: 0,
        model: 'gpt-5.3-codex',
        description: null,
      },
      ...{
        input_tokens: 100,
        output_tokens: 10,
        input_cost_per_1k: 0.015,
        output_cost_per_1k: 0.06,
        total_cost_usd: 1,
      },
    };
    const lastMonth = new Date(Date.now() - 31 * 86_400_000).toISOString();
    const justNow = new Date(Date.now() - 60_000).toISOString();
    for (const created_at of [lastMonth, justNow]) {
      addRow(center.db, 'cost_records', { ...old, id: created_at, created_at });
    }
    await center.chatEnd(await center.ask(`chat ${shop.id} hello`));
    const { total } = readBill(bench.api, shop, [{ says: 'hello', project: shop }]);
    await expect.poll(() => readPage(center, shop).total, SOON).toBeCloseTo(2 + total, 8);
    expect(readPage(center, shop).byMonth[lastMonth.slice(0, 7)]).toBe(1);
  });
});

test('the example says what is wrong with a command', async ({ center, shop }) => {
  await expect(center.ask('fly')).rejects.toThrow('there is no command "fly": help lists them');
  await expect(center.ask('run bakery Bake')).rejects.toThrow('there is no "bakery" among the projects');
  await expect(center.ask(`budget ${shop.id} much`)).rejects.toThrow('a budget is a number of USD');
  await expect(center.ask('cancel r42')).rejects.toThrow('there is no "r42" among the runs');
  await expect(center.ask('budget bakery 5')).rejects.toThrow('there is no "bakery" among the projects');
  await expect(center.ask(`project ${shop.path}-of-nobody`)).rejects.toThrow('is not a folder');
});
