package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
)

// serveProvider is a provider that reads every request to its end and answers by
// its path: with one word to a request that carries images, else with a reply of
// many chunks, written at once.
func serveProvider() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("http://%s\n", listener.Addr())
	return http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			return
		}
		pieces := chunks
		if n > 1<<20 {
			pieces = 1
		}
		w.Header().Set("Content-Type", "text/event-stream")
		w.Write(reply(r.URL.Path, pieces))
	}))
}

// reply is a streamed reply in the format that belongs to a path.
func reply(path string, pieces int) []byte {
	var b bytes.Buffer
	f := formatOf(path)
	b.WriteString(f.begin)
	for range pieces {
		fmt.Fprintf(&b, f.piece, `"a piece of some text, "`)
	}
	b.WriteString(f.end)
	return b.Bytes()
}

type format struct{ begin, piece, end string }

func formatOf(path string) format {
	switch {
	case strings.HasSuffix(path, "/messages"):
		return format{
			"event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":10,\"output_tokens\":1}}}\n\nevent: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
			"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":%s}}\n\n",
			"event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\nevent: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":400}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
		}
	case strings.HasSuffix(path, "/completions"):
		return format{
			"",
			"data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1777319809,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":%s},\"finish_reason\":null}]}\n\n",
			"data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1777319809,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
		}
	case strings.HasSuffix(path, "/responses"):
		return format{
			"event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":0,\"response\":{\"id\":\"r\",\"object\":\"response\",\"status\":\"in_progress\",\"output\":[]}}\n\n",
			"event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"sequence_number\":4,\"item_id\":\"m\",\"output_index\":0,\"content_index\":0,\"delta\":%s,\"logprobs\":[]}\n\n",
			"event: response.completed\ndata: {\"type\":\"response.completed\",\"sequence_number\":9,\"response\":{\"id\":\"r\",\"object\":\"response\",\"status\":\"completed\",\"output\":[],\"usage\":{\"input_tokens\":10,\"output_tokens\":400,\"total_tokens\":410}}}\n\n",
		}
	}
	return format{
		"",
		"data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":%s}],\"role\":\"model\"},\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":10,\"candidatesTokenCount\":5,\"totalTokenCount\":15},\"modelVersion\":\"m\",\"responseId\":\"r\"}\r\n\r\n",
		"data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"\"}],\"role\":\"model\"},\"finishReason\":\"STOP\",\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":10,\"candidatesTokenCount\":400,\"totalTokenCount\":410},\"modelVersion\":\"m\",\"responseId\":\"r\"}\r\n\r\n",
	}
}
