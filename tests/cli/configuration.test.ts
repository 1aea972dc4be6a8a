import { describe, expect, test } from "vitest";
import { nearest, parseOverride } from "../../src/configuration/index.js";
import { InputError, type Trouble } from "../../src/errors/index.js";
import { trainingFormat } from "../../src/training/configuration.js";

function troubleOf(yaml: string, overrides: readonly string[] = []): Trouble {
  try {
    trainingFormat.parse(
      yaml,
      "train.yaml",
      overrides.map((text) => parseOverride(text)),
    );
  } catch (error) {
    if (error instanceof InputError) return error.trouble;
    throw error;
  }
  throw new Error("no error");
}

describe("a configuration", () => {
  test("needs nothing but data", () => {
    const configuration = trainingFormat.parse("data: a.extxyz", "train.yaml");
    expect(configuration).toMatchObject({ seed: 1, committee: { members: 4 }, split: { test: 0.1, validation: 0.05 } });
    expect(configuration.descriptors.cutoff).toBeNull();
  });

  test("that is resolved resolves to itself", () => {
    const once = trainingFormat.resolve({ data: ["a", "b"], optimizer: { method: "kalman" } });
    expect(trainingFormat.resolve(once)).toEqual(once);
  });

  test("keeps n2p2's defaults of the Kalman filter", () => {
    const { optimizer } = trainingFormat.resolve({ data: "a", optimizer: { method: "kalman" } });
    expect(optimizer).toMatchObject({ epsilon: 0.01, q0: 0.01, qmin: 1e-6, eta: 0.01, etamax: 1 });
  });

  test("may leave out the method of the optimizer", () => {
    const { optimizer } = trainingFormat.resolve({ data: "a", optimizer: { rate: 0.02 } });
    expect(optimizer).toMatchObject({ rate: 0.02 });
  });
});

describe("an error names place, key and remedy", () => {
  test("misspelt key", () => {
    const trouble = troubleOf("data: a\noptimizer:\n  method: adam\n  rat: 1\n");
    expect(trouble).toMatchObject({ code: "unknown-key", where: { file: "train.yaml", line: 4, column: 3 } });
    expect(trouble.problem).toContain("`optimizer.rat`");
    expect(trouble.remedy).toContain("Did you mean `optimizer.rate`?");
  });

  test("misspelt key at the top", () => {
    expect(troubleOf("data: a\noptimiser: {}\n").remedy).toContain("`optimizer`");
  });

  test("key that belongs elsewhere", () => {
    expect(troubleOf("data: a\ncutoff: 5\n").remedy).toContain("`descriptors.cutoff`");
  });

  test("key of another method", () => {
    const trouble = troubleOf("data: a\noptimizer: {method: lbfgs, rate: 3}\n");
    expect(trouble.problem).toContain("for the method lbfgs");
  });

  test("value out of range", () => {
    const trouble = troubleOf("data: a\nnetwork:\n  hidden: [20, -3]\n");
    expect(trouble).toMatchObject({ code: "bad-value", where: { line: 3, column: 16 } });
    expect(trouble.problem).toBe("`network.hidden[2]` is -3.");
    expect(trouble.expected).toContain("whole number ≥ 1");
  });

  test("unknown word", () => {
    const trouble = troubleOf("data: a\nnetwork: {activation: tanhh}\n");
    expect(trouble.remedy).toBe("Did you mean `tanh`?");
    expect(troubleOf("data: a\noptimizer: {method: kalmann}\n").remedy).toBe("Did you mean `kalman`?");
  });

  test("missing data", () => {
    expect(troubleOf("seed: 3\n")).toMatchObject({ code: "missing-key", where: { file: "train.yaml" } });
  });

  test("broken YAML", () => {
    expect(troubleOf("data: [a\nseed: 1\n")).toMatchObject({ code: "bad-yaml", where: { file: "train.yaml" } });
  });

  test("key given twice", () => {
    expect(troubleOf("data: a\ndata: b\n")).toMatchObject({ code: "bad-yaml", where: { line: 2, column: 1 } });
  });

  test("contradiction", () => {
    expect(troubleOf("data: a\nscaling: {low: 2}\n")).toMatchObject({ code: "contradiction", where: { line: 2 } });
  });

  test("not an element", () => {
    expect(troubleOf("data: a\nreferenceEnergies: {silicon: -1}\n").problem).toContain("referenceEnergies");
  });

  test("the first by line, and the others after it", () => {
    const trouble = troubleOf("data: a\nepochs: many\nseeed: 1\n");
    expect(trouble.where).toMatchObject({ line: 2 });
    expect(trouble.remedy).toContain("train.yaml:3:1");
  });

  test("an option of the command line", () => {
    expect(troubleOf("data: a", ["optimizer.rate=-1"]).where?.file).toBe("--set optimizer.rate=-1");
    expect(() => parseOverride("rate")).toThrow(/key.path=value/);
  });
});

test("--set wins over the file, and another method drops the keys of the first", () => {
  const yaml = "data: a\nseed: 4\noptimizer: {method: adam, beta1: 0.8}\n";
  const overrides = [parseOverride("optimizer.method=kalman"), parseOverride("seed=7")];
  expect(trainingFormat.parse(yaml, "t.yaml", overrides)).toMatchObject({
    seed: 7,
    optimizer: { method: "kalman", q0: 0.01 },
  });
});

test("every key has a help text and a range or kind, every optional one a default", () => {
  for (const key of trainingFormat.keys) {
    expect(key.help, key.path).not.toBe("");
    expect(key.kind, key.path).not.toBe("anything");
    expect(key.required || key.default !== undefined, key.path).toBe(true);
  }
});

test("the JSON schema requires data alone", () => {
  expect(trainingFormat.jsonSchema).toMatchObject({ type: "object", required: ["data"], additionalProperties: false });
});

const page = `# Keys of a training configuration

Made from \`src/training/configuration-schema.ts\`; a test keeps it up to date. A configuration is YAML;
\`optimizer.rate\` stands for the key \`rate\` inside the key \`optimizer\`. Only \`data\` must be given. Paths of data files are
relative to the configuration file, \`out\` to the current directory. \`potluck train --schema\` prints the JSON schema for editors.

\`\`\`yaml
data: silicon.extxyz
seed: 1
descriptors:
  cutoff: 6
committee:
  members: 4
\`\`\`

${trainingFormat.keysTable}`;

test("the page of keys is up to date (vitest -u writes it)", async () => {
  await expect(page).toMatchFileSnapshot("../../docs/guide/training-configuration.md");
});

test("the nearest word", () => {
  expect(nearest("descriptor", ["descriptors", "data"])).toBe("descriptors");
  expect(nearest("Epochs", ["epochs"])).toBe("epochs");
  expect(nearest("xyz", ["descriptors", "data"])).toBeUndefined();
});
