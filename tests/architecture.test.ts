/** The layers of `docs/developer/house.md` hold for every import of `src/`, types included. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const SRC = join(ROOT, "src");
const FORBIDDEN_NAMES = ["utils", "core", "common", "lib", "helpers", "manager", "service"];
const MAY_USE_NODE = ["hosts/node", "cli"];

/** Folder → folders that it may import, in the order of the table. */
type House = ReadonlyMap<string, readonly string[]>;

function parseHouse(markdown: string): House {
  const house = new Map<string, readonly string[]>();
  for (const line of markdown.split("\n")) {
    const cells = line.split("|").map((cell) => cell.trim());
    const folder = /^`([a-z/]+)\/`$/.exec(cells[1] ?? "")?.[1];
    if (folder === undefined) continue;
    const allowed = cells[3] ?? "";
    const named = [...allowed.matchAll(/`([a-z/]+)`/g)].map((match) => match[1]!);
    if (allowed !== "everything above" && allowed !== "–" && named.join(", ") !== allowed.replaceAll("`", ""))
      throw new Error(`house.md: "${allowed}" of ${folder} cannot be read`);
    house.set(folder, allowed === "everything above" ? [...house.keys()] : named);
  }
  return house;
}

interface Import {
  readonly file: string;
  readonly target: string;
}

const slashed = (path: string): string => path.split(sep).join("/");

function sources(): string[] {
  return readdirSync(SRC, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|mts|js|mjs)$/.test(entry.name))
    .map((entry) => slashed(relative(SRC, join(entry.parentPath, entry.name))));
}

/** All specifiers of a file: import and export declarations, `import("…")` as expression and as type, `import x = require`. */
function specifiers(text: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const literal =
      ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
        ? node.moduleSpecifier
        : ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)
          ? node.argument.literal
          : ts.isExternalModuleReference(node)
            ? node.expression
            : ts.isCallExpression(node) && isLoading(node.expression)
              ? node.arguments[0]
              : undefined;
    if (literal !== undefined) found.push(ts.isStringLiteralLike(literal) ? literal.text : "(computed)");
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile("file.ts", text, ts.ScriptTarget.Latest));
  return found;
}

const isLoading = (callee: ts.Expression): boolean =>
  callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === "require");

function exportsDefault(text: string): boolean {
  const isDefault = (node: ts.Statement): boolean =>
    (ts.isExportAssignment(node) && node.isExportEquals !== true) ||
    (ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some((m) => m.kind === ts.SyntaxKind.DefaultKeyword)) ||
    (ts.isExportDeclaration(node) && /\bas\s+default\b/.test(node.getText()));
  return ts.createSourceFile("file.ts", text, ts.ScriptTarget.Latest, true).statements.some(isDefault);
}

/** The row that a path inside `src/` belongs to: the longest that matches. */
function rowOf(path: string, house: House): string | undefined {
  const matching = [...house.keys()].filter((folder) => path.startsWith(`${folder}/`));
  return matching.sort((a, b) => b.length - a.length)[0];
}

/** What a row names, and of each folder named those columns inside it that it uses itself. */
const reachable = (row: string, house: House): string[] =>
  house.get(row)!.flatMap((name) => [name, ...house.get(name)!.filter((inner) => inner.startsWith(`${name}/`))]);

/** What is wrong with an import, or undefined. */
function fault(from: Import, house: House): string | undefined {
  const { file, target } = from;
  const own = rowOf(file, house);
  if (own === undefined) return `${file}: its folder is not in house.md`;
  if (target === "(computed)") return MAY_USE_NODE.includes(own) ? undefined : `${file}: imports a computed name`;
  if (target.startsWith("node:"))
    return MAY_USE_NODE.includes(own) ? undefined : `${file}: ${target} outside ${MAY_USE_NODE.join(", ")}`;
  if (!target.startsWith(".")) return undefined;
  const path = slashed(relative(SRC, join(SRC, dirname(file), target)));
  const other = rowOf(path, house);
  if (other === undefined) return `${file}: ${target} is in no folder of house.md`;
  return other === own || reachable(own, house).includes(other) ? undefined : `${file}: ${own} may not import ${other}`;
}

const house = parseHouse(readFileSync(join(ROOT, "docs/developer/house.md"), "utf8"));
const files = sources();
const textOf = (file: string): string => readFileSync(join(SRC, file), "utf8");

describe("the house", () => {
  it("names only folders that stand above", () => {
    expect(house.size).toBeGreaterThan(20);
    const above: string[] = [];
    for (const [folder, allowed] of house) {
      expect(allowed.filter((name) => !above.includes(name))).toEqual([]);
      above.push(folder);
    }
  });

  it("has every folder of src in its table, under a name that says something", () => {
    expect(files.filter((file) => rowOf(file, house) === undefined)).toEqual([]);
    const badly = files.filter((file) => file.split("/").some((part) => FORBIDDEN_NAMES.includes(part)));
    expect(badly).toEqual([]);
  });

  it("keeps its layers apart", () => {
    const imports = files.flatMap((file) => specifiers(textOf(file)).map((target) => ({ file, target })));
    expect(imports.length).toBeGreaterThan(50);
    expect(imports.map((from) => fault(from, house)).filter((problem) => problem !== undefined)).toEqual([]);
  });

  it("has no default exports", () => {
    expect(files.filter((file) => exportsDefault(textOf(file)))).toEqual([]);
  });
});

describe("this test", () => {
  const broken = [
    ["math/a.ts", `import type { Structure } from "../structure/index.js";`],
    ["math/a.ts", `export * from "../structure/index.js";`],
    ["datasets/a.ts", `type T = import("../training/record.js").FitRecord;`],
    ["datasets/a.ts", `const t = await import("../training/record.js");`],
    ["kernels/contracts/a.ts", `import { f } from "../reference/a.js";`],
    ["kernels/assembly/a.ts", `import { f } from "../../math/index";`],
    ["networks/a.ts", `import { f } from "../kernels/assembly/index";`],
    ["formats/a.ts", `import { readFile } from "node:fs";`],
    ["neighbors/a.ts", `import x from "../secret/index.js";`],
    ["utils/a.ts", `import x from "../math/index.js";`],
  ] as const;
  it.each(broken)("would notice in %s: %s", (file, text) => {
    expect(specifiers(text).map((target) => fault({ file, target }, house))[0]).toBeTypeOf("string");
  });

  const sound = [
    ["networks/a.ts", `import { f } from "../kernels/reference/a.js";`],
    ["kernels/index.ts", `export * from "./contracts/a.js";`],
    ["hosts/node/a.ts", `import { readFile } from "node:fs";`],
    ["structure/a.ts", `import { InputError } from "../errors/index.js";`],
    ["math/a.ts", `import { Matrix } from "ml-matrix";`],
  ] as const;
  it.each(sound)("lets pass in %s: %s", (file, text) => {
    expect(specifiers(text).map((target) => fault({ file, target }, house))).toEqual([undefined]);
  });

  it("notices default exports in any form", () => {
    for (const text of ["export default 3;", "export default function f() {}", "const a = 1; export { a as default };"])
      expect(exportsDefault(text)).toBe(true);
    expect(exportsDefault("export const a = 1;")).toBe(false);
  });
});
