//! A server with the tools, resources and prompts that the conformance tool's scenarios ask for, by rmcp.
//!
//! What it answers is written as the JSON that must come out, so that a scenario can be read beside it.

#![expect(deprecated, reason = "the revisions that are tested here have logging")]

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, CompleteRequestParams, CompleteResult,
    GetPromptRequestParams, GetPromptResponse, GetPromptResult, ListPromptsResult,
    ListResourceTemplatesResult, ListResourcesResult, ListToolsResult, PaginatedRequestParams,
    ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult, ServerConfig, ServerNotification,
    ServerRequest, SetLevelRequestParams, SubscribeRequestParams, UnsubscribeRequestParams,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::time::Duration;

/// One red pixel, and silence.
const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";
const WAV: &str = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAAAAA==";

#[derive(Clone)]
pub(crate) struct Scenarios;

type Context = RequestContext<RoleServer>;

/// What rmcp's own types make of that JSON.
fn of<T: DeserializeOwned>(value: Value) -> Result<T, ErrorData> {
    serde_json::from_value(value).map_err(|error| ErrorData::internal_error(error.to_string(), None))
}

fn text(text: &str) -> Value {
    json!({"content": [{"type": "text", "text": text}]})
}

/// Every tool by its name, and the schema of what it takes.
fn tools() -> Value {
    let nothing = json!({"type": "object", "properties": {}});
    let one =
        |name: &str| json!({"type": "object", "properties": {name: {"type": "string"}}, "required": [name]});
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {
            "address": {"type": "object", "properties": {"street": {"type": "string"}, "city": {"type": "string"}}}
        },
        "properties": {"name": {"type": "string"}, "address": {"$ref": "#/$defs/address"}},
        "additionalProperties": false
    });
    let plain = [
        "test_simple_text",
        "test_image_content",
        "test_audio_content",
        "test_embedded_resource",
        "test_multiple_content_types",
        "test_tool_with_logging",
        "test_tool_with_progress",
        "test_error_handling",
        "test_elicitation_sep1034_defaults",
        "test_elicitation_sep1330_enums",
    ];
    let plain = plain.into_iter().map(|name| (name, nothing.clone()));
    let others = [
        ("test_sampling", one("prompt")),
        ("test_elicitation", one("message")),
        ("json_schema_2020_12_tool", schema),
    ];
    let tool = |(name, schema): (&str, Value)| json!({"name": name, "description": format!("For the scenario of {name}"), "inputSchema": schema});
    plain.chain(others).map(tool).collect()
}

async fn pause() {
    tokio::time::sleep(Duration::from_millis(50)).await;
}

async fn notify(context: &Context, notification: Value) -> Result<(), ErrorData> {
    let notification: ServerNotification = of(notification)?;
    let sent = context.peer.send_notification(notification).await;
    sent.map_err(|error| ErrorData::internal_error(error.to_string(), None))
}

/// Asks the client, and gives its answer as JSON.
async fn ask(context: &Context, request: Value) -> Result<Value, ErrorData> {
    let request: ServerRequest = of(request)?;
    let answer = context.peer.send_request(request).await;
    let answer = answer.map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
    serde_json::to_value(answer).map_err(|error| ErrorData::internal_error(error.to_string(), None))
}

/// Asks the client's user.
async fn elicit(
    context: &Context,
    message: &str,
    properties: Value,
    required: &[&str],
) -> Result<Value, ErrorData> {
    let schema = json!({"type": "object", "properties": properties, "required": required});
    let params = json!({"mode": "form", "message": message, "requestedSchema": schema});
    ask(context, json!({"method": "elicitation/create", "params": params})).await
}

fn completed(answer: &Value) -> Value {
    let action = answer["action"].as_str().unwrap_or_default();
    text(&format!("Elicitation completed: action={action}, content={}", answer["content"]))
}

impl Scenarios {
    async fn run(request: &CallToolRequestParams, context: &Context) -> Result<Value, ErrorData> {
        let argument = |name: &str| {
            let value = request.arguments.as_ref().and_then(|arguments| arguments.get(name));
            value.and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        Ok(match &*request.name {
            "test_simple_text" => text("This is a simple text response for testing."),
            "json_schema_2020_12_tool" => text("done"),
            "test_image_content" => {
                json!({"content": [{"type": "image", "data": PNG, "mimeType": "image/png"}]})
            }
            "test_audio_content" => {
                json!({"content": [{"type": "audio", "data": WAV, "mimeType": "audio/wav"}]})
            }
            "test_embedded_resource" => json!({"content": [{"type": "resource", "resource": {
                "uri": "test://embedded-resource",
                "mimeType": "text/plain",
                "text": "This is an embedded resource content."
            }}]}),
            "test_multiple_content_types" => json!({"content": [
                {"type": "text", "text": "Multiple content types test:"},
                {"type": "image", "data": PNG, "mimeType": "image/png"},
                {"type": "resource", "resource": {
                    "uri": "test://mixed-content-resource",
                    "mimeType": "application/json",
                    "text": "{\"test\":\"data\",\"value\":123}"
                }}
            ]}),
            "test_error_handling" => json!({
                "isError": true,
                "content": [{"type": "text", "text": "This tool intentionally returns an error for testing"}]
            }),
            "test_tool_with_logging" => {
                for line in ["Tool execution started", "Tool processing data", "Tool execution completed"] {
                    let params = json!({"level": "info", "data": line});
                    notify(context, json!({"method": "notifications/message", "params": params})).await?;
                    pause().await;
                }
                text("Three lines were logged.")
            }
            "test_tool_with_progress" => {
                let token = context.meta.get_progress_token();
                for progress in [0, 50, 100] {
                    if let Some(token) = &token {
                        let params = json!({"progressToken": token, "progress": progress, "total": 100});
                        notify(context, json!({"method": "notifications/progress", "params": params}))
                            .await?;
                    }
                    pause().await;
                }
                text("Progress was told.")
            }
            "test_sampling" => {
                let message =
                    json!({"role": "user", "content": {"type": "text", "text": argument("prompt")}});
                let params = json!({"messages": [message], "maxTokens": 100});
                let answer =
                    ask(context, json!({"method": "sampling/createMessage", "params": params})).await?;
                let said = answer["content"]["text"].as_str().or(answer["content"][0]["text"].as_str());
                text(&format!("LLM response: {}", said.unwrap_or_default()))
            }
            "test_elicitation" => {
                let properties = json!({
                    "username": {"type": "string", "description": "User's response"},
                    "email": {"type": "string", "description": "User's email address"}
                });
                let answer =
                    elicit(context, &argument("message"), properties, &["username", "email"]).await?;
                text(&format!("User response: {answer}"))
            }
            "test_elicitation_sep1034_defaults" => {
                let properties = json!({
                    "name": {"type": "string", "default": "John Doe"},
                    "age": {"type": "integer", "default": 30},
                    "score": {"type": "number", "default": 95.5},
                    "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
                    "verified": {"type": "boolean", "default": true}
                });
                completed(&elicit(context, "With defaults", properties, &[]).await?)
            }
            "test_elicitation_sep1330_enums" => {
                let titled = |values: [&str; 3], titles: [&str; 3]| -> Value {
                    values
                        .iter()
                        .zip(titles)
                        .map(|(value, title)| json!({"const": value, "title": title}))
                        .collect()
                };
                let options = ["option1", "option2", "option3"];
                let values = ["value1", "value2", "value3"];
                let properties = json!({
                    "untitledSingle": {"type": "string", "enum": options},
                    "titledSingle": {
                        "type": "string", "oneOf": titled(values, ["First Option", "Second Option", "Third Option"])
                    },
                    "legacyEnum": {
                        "type": "string",
                        "enum": ["opt1", "opt2", "opt3"],
                        "enumNames": ["Option One", "Option Two", "Option Three"]
                    },
                    "untitledMulti": {"type": "array", "items": {"type": "string", "enum": options}},
                    "titledMulti": {
                        "type": "array",
                        "items": {"anyOf": titled(values, ["First Choice", "Second Choice", "Third Choice"])}
                    }
                });
                completed(&elicit(context, "With choices", properties, &[]).await?)
            }
            _ => return Err(ErrorData::invalid_params("no such tool", None)),
        })
    }
}

impl ServerHandler for Scenarios {
    fn get_info(&self) -> ServerConfig {
        let info = json!({
            "protocolVersion": "2025-11-25",
            "serverInfo": {"name": "doorward-conformance", "version": "1"},
            "capabilities": {
                "tools": {}, "prompts": {}, "resources": {"subscribe": true}, "logging": {}, "completions": {}
            }
        });
        serde_json::from_value(info).unwrap_or_default()
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: Context,
    ) -> Result<ListToolsResult, ErrorData> {
        of(json!({"tools": tools()}))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: Context,
    ) -> Result<CallToolResponse, ErrorData> {
        let result: CallToolResult = of(Self::run(&request, &context).await?)?;
        Ok(result.into())
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: Context,
    ) -> Result<ListResourcesResult, ErrorData> {
        let resource = |name: &str, media: &str| json!({"uri": format!("test://{name}"), "name": name, "description": name, "mimeType": media});
        of(json!({"resources": [
            resource("static-text", "text/plain"),
            resource("static-binary", "image/png"),
            resource("watched-resource", "text/plain")
        ]}))
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: Context,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        of(json!({"resourceTemplates": [{"uriTemplate": "test://template/{id}/data", "name": "template"}]}))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: Context,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let uri = request.uri.as_str();
        let content = match uri {
            "test://static-text" => {
                json!({"uri": uri, "mimeType": "text/plain", "text": "This is the content of the static text resource."})
            }
            "test://watched-resource" => {
                json!({"uri": uri, "mimeType": "text/plain", "text": "It never changes."})
            }
            "test://static-binary" => json!({"uri": uri, "mimeType": "image/png", "blob": PNG}),
            _ => {
                let id = uri.strip_prefix("test://template/").and_then(|rest| rest.strip_suffix("/data"));
                let Some(id) = id else {
                    return Err(ErrorData::resource_not_found("no such resource", Some(json!({"uri": uri}))));
                };
                let data = json!({"id": id, "templateTest": true, "data": format!("Data for ID: {id}")});
                json!({"uri": uri, "mimeType": "application/json", "text": data.to_string()})
            }
        };
        let result: ReadResourceResult = of(json!({"contents": [content]}))?;
        Ok(result.into())
    }

    async fn subscribe(&self, _: SubscribeRequestParams, _: Context) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn unsubscribe(&self, _: UnsubscribeRequestParams, _: Context) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: Context,
    ) -> Result<ListPromptsResult, ErrorData> {
        let prompt = |name: &str, arguments: &[&str]| {
            let arguments: Value =
                arguments.iter().map(|name| json!({"name": name, "required": true})).collect();
            json!({"name": name, "description": format!("For the scenario of {name}"), "arguments": arguments})
        };
        of(json!({"prompts": [
            prompt("test_simple_prompt", &[]),
            prompt("test_prompt_with_arguments", &["arg1", "arg2"]),
            prompt("test_prompt_with_embedded_resource", &["resourceUri"]),
            prompt("test_prompt_with_image", &[])
        ]}))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _: Context,
    ) -> Result<GetPromptResponse, ErrorData> {
        let argument = |name: &str| {
            let value = request.arguments.as_ref().and_then(|arguments| arguments.get(name));
            value
                .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
                .unwrap_or_default()
        };
        let said = |text: &str| json!({"role": "user", "content": {"type": "text", "text": text}});
        let messages = match &*request.name {
            "test_simple_prompt" => json!([said("This is a simple prompt for testing.")]),
            "test_prompt_with_arguments" => json!([said(&format!(
                "Prompt with arguments: arg1='{}', arg2='{}'",
                argument("arg1"),
                argument("arg2")
            ))]),
            "test_prompt_with_embedded_resource" => json!([
                {"role": "user", "content": {"type": "resource", "resource": {
                    "uri": argument("resourceUri"),
                    "mimeType": "text/plain",
                    "text": "Embedded resource content for testing."
                }}},
                said("Please process the embedded resource above.")
            ]),
            "test_prompt_with_image" => json!([
                {"role": "user", "content": {"type": "image", "data": PNG, "mimeType": "image/png"}},
                said("Please analyze the image above.")
            ]),
            _ => return Err(ErrorData::invalid_params("no such prompt", None)),
        };
        let result: GetPromptResult = of(json!({"messages": messages}))?;
        Ok(result.into())
    }

    async fn complete(&self, _: CompleteRequestParams, _: Context) -> Result<CompleteResult, ErrorData> {
        of(json!({"completion": {"values": ["paris", "park", "party"], "total": 3, "hasMore": false}}))
    }

    async fn set_level(&self, _: SetLevelRequestParams, _: Context) -> Result<(), ErrorData> {
        Ok(())
    }
}
