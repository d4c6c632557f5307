package runner

import (
	"strings"
	"unicode"
)

// Command is a workflow command found in a step's output.
type Command struct {
	Name       string            // in lower case
	Properties map[string]string // names in lower case
	Data       string
}

// isCommand reports whether the runner registers a command of that name
// (ActionCommandManager.cs), in lower case. A line that names another is text.
func isCommand(name string) bool {
	switch name {
	case "add-mask", "add-matcher", "add-path", "debug", "echo", "endgroup", "error", "group",
		"notice", "remove-matcher", "save-state", "set-env", "set-output", "stop-commands", "warning":
		return true
	}
	return false
}

// parseCommand finds the command of a line: the newer form, `::name k=v::data`
// after spaces, or else the older one, `##[name k=v]data`, anywhere in the line.
// Known tells which names, in lower case, are commands at the moment.
func parseCommand(line string, known func(string) bool) (Command, bool) {
	if c, ok := parseColons(line, known); ok {
		return c, true
	}
	return parseBrackets(line, known)
}

// parseColons is ActionCommand.TryParseV2.
func parseColons(line string, known func(string) bool) (Command, bool) {
	line, ok := strings.CutPrefix(strings.TrimLeftFunc(line, unicode.IsSpace), "::")
	if !ok {
		return Command{}, false
	}
	head, data, ok := strings.Cut(line, "::")
	if !ok {
		return Command{}, false
	}
	name, properties, _ := strings.Cut(head, " ")
	name = strings.ToLower(name)
	if !known(name) {
		return Command{}, false
	}
	return Command{
		Name:       name,
		Properties: parseProperties(strings.TrimSpace(properties), ",", unescapeProperty),
		Data:       unescapeData(data),
	}, true
}

// parseBrackets is ActionCommand.TryParse. Only the first `##[` counts.
func parseBrackets(line string, known func(string) bool) (Command, bool) {
	_, line, ok := strings.Cut(line, "##[")
	if !ok {
		return Command{}, false
	}
	head, data, ok := strings.Cut(line, "]")
	if !ok {
		return Command{}, false
	}
	name, properties, _ := strings.Cut(head, " ")
	name = strings.ToLower(name)
	if !known(name) {
		return Command{}, false
	}
	return Command{
		Name:       name,
		Properties: parseProperties(properties, ";", unescapeBrackets),
		Data:       unescapeBrackets(data),
	}, true
}

// parseProperties reads k=v pairs; a pair without a key or without a value is dropped.
func parseProperties(s, separator string, unescape func(string) string) map[string]string {
	var properties map[string]string
	for pair := range strings.SplitSeq(s, separator) {
		key, value, _ := strings.Cut(strings.TrimLeft(pair, "="), "=")
		value = strings.TrimLeft(value, "=") // .NET's Split drops empty entries
		if key == "" || value == "" {
			continue
		}
		if properties == nil {
			properties = make(map[string]string)
		}
		properties[strings.ToLower(key)] = unescape(value)
	}
	return properties
}

func unescapeData(s string) string {
	return unescape(s, "%0D", "\r", "%0A", "\n")
}

func unescapeProperty(s string) string {
	return unescape(s, "%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",")
}

func unescapeBrackets(s string) string {
	return unescape(s, "%3B", ";", "%0D", "\r", "%0A", "\n", "%5D", "]")
}

// unescape replaces one escape after the other, %25 last, as the runner does.
func unescape(s string, oldnew ...string) string {
	for i := 0; i < len(oldnew); i += 2 {
		s = strings.ReplaceAll(s, oldnew[i], oldnew[i+1])
	}
	return strings.ReplaceAll(s, "%25", "%")
}
