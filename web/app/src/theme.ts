import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from "@mantine/core";

// Our own blue: the framework's fails the contrast of AA on filled buttons. Shade 7 on white is 7.9:1.
const key: MantineColorsTuple = ["#eef0ff", "#dcdff9", "#b6bcee", "#8e97e4", "#6d77dc", "#5863d7", "#4c58d0", "#3d48b8", "#343fa5", "#293492"];

export const theme = createTheme({
  colors: { key },
  primaryColor: "key",
  primaryShade: { light: 7, dark: 7 },
  autoContrast: true,
  luminanceThreshold: 0.35,
  defaultRadius: "sm",
  cursorType: "pointer",
  focusRing: "auto",
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif",
  fontFamilyMonospace: "ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace",
  components: {
    // The menu's own focus placeholder is a child that a menu may not have.
    Menu: { defaultProps: { withInitialFocusPlaceholder: false } },
    Tooltip: { defaultProps: { openDelay: 200 } },
  },
});

/** Dimmed text and placeholders of the framework miss the contrast of AA; these do not (5.9:1 and 7.2:1). */
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: { "--mantine-color-error": "#c92a2a", "--mantine-color-dimmed": "#5c636a", "--mantine-color-placeholder": "#6b7178" },
  dark: { "--mantine-color-error": "#ff8787", "--mantine-color-anchor": "#9aa2ea", "--mantine-color-dimmed": "#a6abb2", "--mantine-color-placeholder": "#969ca3" },
});
