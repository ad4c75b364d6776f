// The linked views by name, in the order in which a menu lists them. A view is a Preact component, a pure
// function of {tree, plans, hover, setHover, selection, select, theme, stale}.

export const VIEWS = {};
