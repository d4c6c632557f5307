package sanitise

import "strings"

// Cell returns s as a cell of a table that a spreadsheet may open: on one line as [Text]
// returns it, and with an apostrophe before it where a spreadsheet would take it for a
// formula (https://owasp.org/www-community/attacks/CSV_Injection).
func Cell(s string) string {
	s = Text(s)
	if s != "" && strings.ContainsRune("=+-@", rune(s[0])) {
		return "'" + s
	}
	return s
}
