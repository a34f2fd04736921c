import ts from "typescript";

/** One finding about a place in a file. Offsets count from the start of the text. */
export interface Problem {
  path: string;
  from: number;
  to: number;
  line: number;
  column: number;
  severity: "error" | "warning";
  message: string;
}

export interface Suggestion {
  label: string;
  kind: string;
  insert?: string;
  order: string;
}

export interface Suggestions {
  from: number;
  list: Suggestion[];
}

export interface Explanation {
  from: number;
  to: number;
  signature: string;
  doc: string;
}

// TypeScript's own declarations lie where no file of a user can: theirs are in hooks/ and lib/.
const libFolder = "/.typescript/";
const contract = "/turnkey.d.ts";

const options = (libs: string[]): ts.CompilerOptions => ({
  target: ts.ScriptTarget.ES2022,
  lib: libs,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  moduleDetection: ts.ModuleDetectionKind.Force,
  allowImportingTsExtensions: true,
  resolveJsonModule: true,
  allowJs: true,
  noEmit: true,
  skipLibCheck: true,
  types: [],
  strict: true,
  // These find no mistakes of meaning in hooks, and are noise to people who come from JavaScript.
  noImplicitAny: false,
  useUnknownInCatchVariables: false,
});

/** TypeScript over the files of one instance. Paths are those of hook files: hooks/todos.ts. */
export class Compiler {
  private readonly texts = new Map<string, { text: string; version: number }>();
  private readonly service: ts.LanguageService;
  /** Goes up with every change. A file that is removed and made again must not meet its old version. */
  private version = 0;

  constructor(libs: Record<string, string>) {
    for (const [name, text] of Object.entries(libs)) this.set(libFolder + name, text);
    this.service = ts.createLanguageService(this.host(options(Object.keys(libs))), ts.createDocumentRegistry());
  }

  /** Takes the declarations (turnkey.d.ts with the tables) and all files; what is not among them is gone. */
  replace(declarations: string, files: Record<string, string>): void {
    const keep = new Set([contract, ...Object.keys(files).map(rooted)]);
    for (const path of this.texts.keys()) if (!path.startsWith(libFolder) && !keep.has(path)) this.texts.delete(path);
    this.set(contract, declarations);
    for (const [path, text] of Object.entries(files)) this.set(rooted(path), text);
    this.version++;
  }

  update(path: string, text: string): void {
    this.set(rooted(path), text);
  }

  /** What is wrong with one file; nothing with one that is not there, and with data. */
  problems(path: string): Problem[] {
    const name = rooted(path);
    if (!this.texts.has(name) || !isCode(path)) return [];
    const found = [...this.service.getSyntacticDiagnostics(name), ...this.service.getSemanticDiagnostics(name)];
    return found.flatMap((d) => (d.file && d.start !== undefined ? [problem(path, d.file, d, d.start)] : []));
  }

  /** What is wrong with any file. */
  allProblems(): Problem[] {
    return this.paths().flatMap((path) => this.problems(path));
  }

  complete(path: string, at: number): Suggestions | null {
    const name = rooted(path);
    const text = this.texts.get(name)?.text;
    if (text === undefined || !isCode(path)) return null;
    const found = this.service.getCompletionsAtPosition(name, at, { includeCompletionsWithInsertText: true });
    if (!found) return null;
    let from = found.optionalReplacementSpan?.start ?? at;
    if (!found.optionalReplacementSpan) while (from > 0 && /[\w$]/.test(text.charAt(from - 1))) from--;
    const list = found.entries
      .filter((e) => !e.kindModifiers?.includes("deprecated") && e.kind !== ts.ScriptElementKind.warning)
      .map((e) => ({ label: e.name, kind: kindOf(e.kind), insert: e.insertText, order: e.sortText }));
    return { from, list };
  }

  /** What a suggestion is, for the box beside the list. */
  describe(path: string, at: number, label: string): { signature: string; doc: string } | null {
    const d = this.service.getCompletionEntryDetails(rooted(path), at, label, {}, undefined, undefined, undefined);
    return d ? { signature: joined(d.displayParts), doc: joined(d.documentation) } : null;
  }

  explain(path: string, at: number): Explanation | null {
    const name = rooted(path);
    if (!this.texts.has(name) || !isCode(path)) return null;
    const q = this.service.getQuickInfoAtPosition(name, at);
    return q ? { from: q.textSpan.start, to: q.textSpan.start + q.textSpan.length, signature: joined(q.displayParts), doc: joined(q.documentation) } : null;
  }

  private paths(): string[] {
    return [...this.texts.keys()].filter((p) => !p.startsWith(libFolder) && p !== contract).map((p) => p.slice(1)).sort();
  }

  private set(path: string, text: string): void {
    if (this.texts.get(path)?.text !== text) this.texts.set(path, { text, version: ++this.version });
  }

  private host(settings: ts.CompilerOptions): ts.LanguageServiceHost {
    const texts = this.texts;
    return {
      getCompilationSettings: () => settings,
      getProjectVersion: () => String(this.version),
      getScriptFileNames: () => [...texts.keys()].filter((p) => !p.startsWith(libFolder)),
      getScriptVersion: (path) => String(texts.get(path)?.version ?? 0),
      getScriptSnapshot: (path) => {
        const t = texts.get(path);
        return t && ts.ScriptSnapshot.fromString(t.text);
      },
      getCurrentDirectory: () => "/",
      getDefaultLibFileName: () => libFolder + "lib.es5.d.ts",
      fileExists: (path) => texts.has(path),
      readFile: (path) => texts.get(path)?.text,
      directoryExists: (folder) => [...texts.keys()].some((p) => p.startsWith(folder.endsWith("/") ? folder : folder + "/")),
      getDirectories: () => [],
      useCaseSensitiveFileNames: () => true,
    };
  }
}

const rooted = (path: string): string => "/" + path;
const isCode = (path: string): boolean => /\.(ts|js)$/.test(path);
const joined = (parts: ts.SymbolDisplayPart[] | undefined): string => (parts ?? []).map((p) => p.text).join("");

function problem(path: string, file: ts.SourceFile, d: ts.Diagnostic, from: number): Problem {
  const at = file.getLineAndCharacterOfPosition(from);
  return {
    path, from, to: from + (d.length ?? 0), line: at.line + 1, column: at.character + 1,
    severity: d.category === ts.DiagnosticCategory.Error ? "error" : "warning",
    message: inOurWords(d.code, ts.flattenDiagnosticMessageText(d.messageText, "\n")),
  };
}

const elsewhere = new Set(["Intl", "WeakRef", "FinalizationRegistry", "Atomics", "SharedArrayBuffer", "XMLHttpRequest", "localStorage", "alert"]);

/** TypeScript advises to install types of Node and of the browser, which would be declarations of what is not there. */
function inOurWords(code: number, message: string): string {
  const name = /'([^']+)'/.exec(message)?.[1] ?? "This";
  const advice = [2580, 2581, 2582, 2583, 2584, 2585, 2591, 2592, 2593].includes(code);
  return advice || ([2304, 2552, 2708].includes(code) && elsewhere.has(name)) ? `${name} does not exist in hooks. turnkey.d.ts lists what there is.` : message;
}

function kindOf(kind: ts.ScriptElementKind): string {
  switch (kind) {
    case ts.ScriptElementKind.functionElement:
    case ts.ScriptElementKind.localFunctionElement:
      return "function";
    case ts.ScriptElementKind.memberFunctionElement:
      return "method";
    case ts.ScriptElementKind.memberVariableElement:
    case ts.ScriptElementKind.memberGetAccessorElement:
    case ts.ScriptElementKind.memberSetAccessorElement:
      return "property";
    case ts.ScriptElementKind.classElement:
      return "class";
    case ts.ScriptElementKind.interfaceElement:
    case ts.ScriptElementKind.typeElement:
      return "type";
    case ts.ScriptElementKind.keyword:
      return "keyword";
    case ts.ScriptElementKind.string:
      return "text";
    default:
      return "variable";
  }
}
