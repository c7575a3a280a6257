/** Does `work` for each item, two at a time: a run of Codex mostly waits. The results are in the order of the items. */
export async function inTwoLanes<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const left = items.entries();
  const lane = async () => {
    for (const [index, item] of left) results[index] = await work(item);
  };
  await Promise.all([lane(), lane()]);
  return results;
}
