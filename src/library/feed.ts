/** Items that are pushed, to be read in a loop: by one reader, at its own pace. */
export interface Feed<T> {
  push(item: T): void;
  end(): void;
  readonly all: AsyncIterable<T>;
}

export function createFeed<T>(): Feed<T> {
  const items: T[] = [];
  let ended = false;
  let wake: () => void = () => undefined;
  return {
    push(item) {
      items.push(item);
      wake();
    },
    end() {
      ended = true;
      wake();
    },
    all: {
      async *[Symbol.asyncIterator]() {
        for (;;) {
          yield* items.splice(0);
          if (items.length > 0) continue;
          if (ended) return;
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      },
    },
  };
}
