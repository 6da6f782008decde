package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	anthropicsdk "github.com/anthropics/anthropic-sdk-go"
	anthropicoption "github.com/anthropics/anthropic-sdk-go/option"
	openaisdk "github.com/openai/openai-go/v3"
	openaioption "github.com/openai/openai-go/v3/option"
	goopenai "github.com/sashabaranov/go-openai"
	"github.com/tmc/langchaingo/llms"
	langanthropic "github.com/tmc/langchaingo/llms/anthropic"
	langopenai "github.com/tmc/langchaingo/llms/openai"
	"google.golang.org/genai"

	"github.com/learnsnap/learnsnap-go/ai"
	"github.com/learnsnap/learnsnap-go/ai/anthropic"
	"github.com/learnsnap/learnsnap-go/ai/gemini"
	"github.com/learnsnap/learnsnap-go/ai/openai"
)

// An ask makes one request with these image files and returns the reply's text.
type ask func(ctx context.Context, files []string) (text string, err error)

type client struct {
	name, ours string // ours is our adapter of the same format
	tasks      []string
	tells      bool // ask returns the text
	open       func(ctx context.Context, url string) (ask, error)
}

var both = []string{"images", "chunks"}

var clients = []client{
	{"bytes already encoded, net/http", "LearnSnap openai chat", []string{"images"}, false, openReady},
	{"open, read, encode, net/http", "LearnSnap openai chat", []string{"images"}, false, openStreamed},
	{"raw floor: Scanner and json, openai chat", "LearnSnap openai chat", []string{"chunks"}, true, openFloor("/v1/chat/completions")},
	{"LearnSnap openai chat", "LearnSnap openai chat", both, true, ours(func(url string) (ai.Model, error) {
		return openai.New(openai.Config{Key: "k", BaseURL: url + "/v1", Model: "m"})
	})},
	{"openai-go chat", "LearnSnap openai chat", both, true, openOpenAI},
	{"go-openai chat", "LearnSnap openai chat", both, true, openGoOpenAI},
	{"langchaingo openai", "LearnSnap openai chat", both, true, openLang(func(url string) (llms.Model, error) {
		return langopenai.New(langopenai.WithToken("k"), langopenai.WithBaseURL(url+"/v1"), langopenai.WithModel("m"))
	})},
	{"LearnSnap openai responses", "LearnSnap openai responses", both, true, ours(func(url string) (ai.Model, error) {
		return openai.New(openai.Config{Key: "k", BaseURL: url + "/v1", Model: "m", Protocol: openai.Responses})
	})},
	{"raw floor: Scanner and json, anthropic", "LearnSnap anthropic", []string{"chunks"}, true, openFloor("/v1/messages")},
	{"LearnSnap anthropic", "LearnSnap anthropic", both, true, ours(func(url string) (ai.Model, error) {
		return anthropic.New(anthropic.Config{Key: "k", BaseURL: url + "/v1", Model: "m", MaxRequestBytes: -1})
	})},
	{"anthropic-sdk-go", "LearnSnap anthropic", both, true, openAnthropic},
	{"langchaingo anthropic", "LearnSnap anthropic", both, true, openLang(func(url string) (llms.Model, error) {
		return langanthropic.New(langanthropic.WithToken("k"), langanthropic.WithBaseURL(url+"/v1"), langanthropic.WithModel("m"))
	})},
	{"raw floor: Scanner and json, gemini", "LearnSnap gemini", []string{"chunks"}, true, openFloor("/v1beta/models/m:streamGenerateContent")},
	{"LearnSnap gemini", "LearnSnap gemini", both, true, ours(func(url string) (ai.Model, error) {
		return gemini.New(gemini.Config{Key: "k", BaseURL: url + "/v1beta", Model: "m", MaxRequestBytes: -1})
	})},
	{"genai", "LearnSnap gemini", both, true, openGenAI},
}

func find(name string) (client, error) {
	for _, c := range clients {
		if c.name == name {
			return c, nil
		}
	}
	return client{}, fmt.Errorf("no client %q", name)
}

func media(file string) *ai.Media {
	return &ai.Media{Type: "image/jpeg", Size: imageSize, Open: func() (io.ReadCloser, error) { return os.Open(file) }}
}

func ours(open func(url string) (ai.Model, error)) func(context.Context, string) (ask, error) {
	return func(_ context.Context, url string) (ask, error) {
		m, err := open(url)
		return func(ctx context.Context, files []string) (string, error) {
			p := ai.Prompt{}
			for _, file := range files {
				p.Parts = append(p.Parts, ai.Part{Media: media(file)})
			}
			p.Parts = append(p.Parts, ai.Part{Text: "Read these pages."})
			var text strings.Builder
			for chunk, err := range m.Stream(ctx, p) {
				if err != nil {
					return "", err
				}
				text.WriteString(chunk.Text)
			}
			return text.String(), nil
		}, err
	}
}

// encodedImages is what a user of an SDK does first: read the files, encode them.
func encodedImages(files []string) (encoded []string, err error) {
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		encoded = append(encoded, base64.StdEncoding.EncodeToString(data))
	}
	return encoded, nil
}

func post(ctx context.Context, url string, body io.Reader, length int64) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, body)
	if err != nil {
		return "", err
	}
	req.ContentLength = length
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	return string(data), err
}

// openReady posts a body that was encoded before the clock starts.
func openReady(_ context.Context, url string) (ask, error) {
	body := bytes.Repeat([]byte("A"), images*(imageSize+2)/3*4)
	return func(ctx context.Context, files []string) (string, error) {
		if files == nil {
			return post(ctx, url+"/v1/chat/completions", strings.NewReader("{}"), 2)
		}
		return post(ctx, url+"/v1/chat/completions", bytes.NewReader(body), int64(len(body)))
	}, nil
}

// openStreamed posts the images as they are read and encoded, with the standard
// library alone.
func openStreamed(_ context.Context, url string) (ask, error) {
	return func(ctx context.Context, files []string) (string, error) {
		length := int64(len(files)) * int64(base64.StdEncoding.EncodedLen(imageSize))
		return post(ctx, url+"/v1/chat/completions", &encoding{files: files}, length)
	}, nil
}

// encoding reads files one after the other in base64, a block at a time.
type encoding struct {
	files   []string
	open    *os.File
	raw     [48 << 10]byte
	encoded [64 << 10]byte
	rest    []byte
}

func (e *encoding) Read(p []byte) (int, error) {
	for len(e.rest) == 0 {
		if e.open == nil {
			if len(e.files) == 0 {
				return 0, io.EOF
			}
			f, err := os.Open(e.files[0])
			if err != nil {
				return 0, err
			}
			e.open, e.files = f, e.files[1:]
		}
		n, err := io.ReadFull(e.open, e.raw[:])
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			err = e.open.Close()
			e.open = nil
		}
		if err != nil {
			return 0, err
		}
		base64.StdEncoding.Encode(e.encoded[:], e.raw[:n])
		e.rest = e.encoded[:base64.StdEncoding.EncodedLen(n)]
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

// openFloor reads a stream with bufio.Scanner and encoding/json into the smallest
// struct that holds the text.
func openFloor(path string) func(context.Context, string) (ask, error) {
	return func(_ context.Context, url string) (ask, error) {
		return func(ctx context.Context, _ []string) (string, error) {
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+path, strings.NewReader("{}"))
			if err != nil {
				return "", err
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				return "", err
			}
			defer resp.Body.Close()
			var text strings.Builder
			lines := bufio.NewScanner(resp.Body)
			for lines.Scan() {
				data, ok := bytes.CutPrefix(lines.Bytes(), []byte("data: "))
				if !ok || bytes.Equal(data, []byte("[DONE]")) {
					continue
				}
				var v struct {
					Choices []struct {
						Delta struct {
							Content string `json:"content"`
						} `json:"delta"`
					} `json:"choices"`
					Delta struct {
						Text string `json:"text"`
					} `json:"delta"`
					Candidates []struct {
						Content struct {
							Parts []struct {
								Text string `json:"text"`
							} `json:"parts"`
						} `json:"content"`
					} `json:"candidates"`
				}
				if err := json.Unmarshal(data, &v); err != nil {
					return "", err
				}
				text.WriteString(v.Delta.Text)
				for _, c := range v.Choices {
					text.WriteString(c.Delta.Content)
				}
				for _, c := range v.Candidates {
					for _, p := range c.Content.Parts {
						text.WriteString(p.Text)
					}
				}
			}
			return text.String(), lines.Err()
		}, nil
	}
}

func openOpenAI(_ context.Context, url string) (ask, error) {
	c := openaisdk.NewClient(openaioption.WithAPIKey("k"), openaioption.WithBaseURL(url+"/v1/"))
	return func(ctx context.Context, files []string) (string, error) {
		encoded, err := encodedImages(files)
		if err != nil {
			return "", err
		}
		var parts []openaisdk.ChatCompletionContentPartUnionParam
		for _, e := range encoded {
			parts = append(parts, openaisdk.ImageContentPart(openaisdk.ChatCompletionContentPartImageImageURLParam{URL: "data:image/jpeg;base64," + e}))
		}
		parts = append(parts, openaisdk.TextContentPart("Read these pages."))
		stream := c.Chat.Completions.NewStreaming(ctx, openaisdk.ChatCompletionNewParams{
			Model: "m", Messages: []openaisdk.ChatCompletionMessageParamUnion{openaisdk.UserMessage(parts)},
		})
		var text strings.Builder
		for stream.Next() {
			for _, choice := range stream.Current().Choices {
				text.WriteString(choice.Delta.Content)
			}
		}
		return text.String(), stream.Err()
	}, nil
}

func openAnthropic(_ context.Context, url string) (ask, error) {
	c := anthropicsdk.NewClient(anthropicoption.WithAPIKey("k"), anthropicoption.WithBaseURL(url))
	return func(ctx context.Context, files []string) (string, error) {
		encoded, err := encodedImages(files)
		if err != nil {
			return "", err
		}
		var blocks []anthropicsdk.ContentBlockParamUnion
		for _, e := range encoded {
			blocks = append(blocks, anthropicsdk.NewImageBlockBase64("image/jpeg", e))
		}
		blocks = append(blocks, anthropicsdk.NewTextBlock("Read these pages."))
		stream := c.Messages.NewStreaming(ctx, anthropicsdk.MessageNewParams{
			Model: "m", MaxTokens: 1000, Messages: []anthropicsdk.MessageParam{anthropicsdk.NewUserMessage(blocks...)},
		})
		var text strings.Builder
		for stream.Next() {
			text.WriteString(stream.Current().Delta.Text)
		}
		return text.String(), stream.Err()
	}, nil
}

func openGoOpenAI(_ context.Context, url string) (ask, error) {
	config := goopenai.DefaultConfig("k")
	config.BaseURL = url + "/v1"
	c := goopenai.NewClientWithConfig(config)
	return func(ctx context.Context, files []string) (string, error) {
		encoded, err := encodedImages(files)
		if err != nil {
			return "", err
		}
		var parts []goopenai.ChatMessagePart
		for _, e := range encoded {
			parts = append(parts, goopenai.ChatMessagePart{Type: goopenai.ChatMessagePartTypeImageURL, ImageURL: &goopenai.ChatMessageImageURL{URL: "data:image/jpeg;base64," + e}})
		}
		parts = append(parts, goopenai.ChatMessagePart{Type: goopenai.ChatMessagePartTypeText, Text: "Read these pages."})
		stream, err := c.CreateChatCompletionStream(ctx, goopenai.ChatCompletionRequest{
			Model: "m", Stream: true, Messages: []goopenai.ChatCompletionMessage{{Role: "user", MultiContent: parts}},
		})
		if err != nil {
			return "", err
		}
		defer stream.Close()
		var text strings.Builder
		for {
			r, err := stream.Recv()
			if err == io.EOF {
				return text.String(), nil
			}
			if err != nil {
				return "", err
			}
			for _, choice := range r.Choices {
				text.WriteString(choice.Delta.Content)
			}
		}
	}, nil
}

func openGenAI(ctx context.Context, url string) (ask, error) {
	c, err := genai.NewClient(ctx, &genai.ClientConfig{APIKey: "k", Backend: genai.BackendGeminiAPI, HTTPOptions: genai.HTTPOptions{BaseURL: url}})
	return func(ctx context.Context, files []string) (string, error) {
		var parts []*genai.Part
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				return "", err
			}
			parts = append(parts, genai.NewPartFromBytes(data, "image/jpeg"))
		}
		parts = append(parts, genai.NewPartFromText("Read these pages."))
		var text strings.Builder
		for r, err := range c.Models.GenerateContentStream(ctx, "m", []*genai.Content{genai.NewContentFromParts(parts, genai.RoleUser)}, nil) {
			if err != nil {
				return "", err
			}
			text.WriteString(r.Text())
		}
		return text.String(), nil
	}, err
}

func openLang(open func(url string) (llms.Model, error)) func(context.Context, string) (ask, error) {
	return func(_ context.Context, url string) (ask, error) {
		m, err := open(url)
		return func(ctx context.Context, files []string) (string, error) {
			var parts []llms.ContentPart
			for _, file := range files {
				data, err := os.ReadFile(file)
				if err != nil {
					return "", err
				}
				parts = append(parts, llms.BinaryPart("image/jpeg", data))
			}
			parts = append(parts, llms.TextPart("Read these pages."))
			var text strings.Builder
			_, err := m.GenerateContent(ctx, []llms.MessageContent{{Role: llms.ChatMessageTypeHuman, Parts: parts}},
				llms.WithStreamingFunc(func(_ context.Context, chunk []byte) error { text.Write(chunk); return nil }))
			return text.String(), err
		}, err
	}
}
