interface ChoiceProps<Value extends string> {
  readonly label: string;
  readonly options: readonly { readonly value: Value; readonly text: string }[];
  readonly value: Value;
  readonly onChoose: (value: Value) => void;
}

/** One of a few, all of them in sight. Radio buttons, so that arrow keys move and a screen reader knows. */
export function Choice<Value extends string>({ label, options, value: chosen, onChoose }: ChoiceProps<Value>) {
  return (
    <fieldset class="choice">
      <legend class="hidden">{label}</legend>
      {options.map(({ value, text }) => (
        <label key={value} class={`choice-option choice-${value}`}>
          <input type="radio" name={label} value={value} checked={value === chosen} onChange={() => onChoose(value)} />
          <span>{text}</span>
        </label>
      ))}
    </fieldset>
  );
}

/** One of many, in a list that opens. */
export function Pick({ label, options, value: chosen, onChoose }: ChoiceProps<string>) {
  return (
    <label class="pick">
      <span class="hidden">{label}</span>
      <select value={chosen} onChange={(event) => onChoose(event.currentTarget.value)}>
        {options.map(({ value, text }) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
