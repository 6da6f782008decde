package ai

// A Schema describes the JSON value that a reply must be, once; each adapter
// writes its provider's dialect of it. The order of Properties is part of the
// contract: models write them in this order.
type Schema struct {
	Name        string // of the root, where a provider asks for one; letters, digits, _ and -
	Type        string // "object", "array", "string", "integer", "number" or "boolean"
	Description string
	Properties  []Property // of an object, in order
	Items       *Schema    // of an array
	Enum        []string   // of a string
	AnyOf       []*Schema  // exactly one of these shapes; Type is then empty
	Nullable    bool       // null is allowed as well
	MinItems    int        // of an array; 0 means no bound
	MaxItems    int        // of an array; 0 means no bound
}

// A Property is a named member of an object.
type Property struct {
	Name     string
	Schema   *Schema
	Optional bool // may be left out; dialects without optional members make it nullable
}
