import js from "@eslint/js";
import hooks from "eslint-plugin-react-hooks";
import ts from "typescript-eslint";

const foreign = [
  { selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']", message: "Text of customers is never HTML." },
  { selector: "JSXAttribute[name.name='style'] > Literal", message: "Use the component's props or a CSS module." },
];

export default ts.config(
  { ignores: ["src/api/schema.d.ts"] },
  js.configs.recommended,
  ...ts.configs.strict,
  { plugins: { "react-hooks": hooks }, rules: hooks.configs.recommended.rules },
  { rules: { "no-restricted-syntax": ["error", ...foreign], "no-console": "error", "@typescript-eslint/no-non-null-assertion": "error" } },
  {
    // Primitives know neither router nor server.
    files: ["src/ui/**"],
    rules: { "no-restricted-imports": ["error", { patterns: ["@tanstack/react-router", "@tanstack/react-query", "openapi-*", "../api/*", "../shell/*", "../pages/*"] }] },
  },
);
