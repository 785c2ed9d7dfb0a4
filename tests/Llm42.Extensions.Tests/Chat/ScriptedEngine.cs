using Llm42.ChatTemplates;
using Llm42.Core.Engine;
using Llm42.Core.Execution;
using Llm42.Core.Requests;
using Llm42.Core.Scheduling;
using Llm42.Generation;
using Llm42.Models;
using Llm42.Native;

namespace Llm42.Extensions.Tests.Chat;

/// <summary>An engine whose answer to anything is a given text, and which keeps what it was asked.</summary>
internal sealed class ScriptedEngine : IModelExecutor
{
    /// <summary>A template of the Hermes kind that shows everything it is given.</summary>
    public const string Hermes = """
        {%- if tools %}[tools {{ tools | tojson }}]{% endif -%}
        {%- for m in messages -%}
        <{{ m.role }}{% if m.name %} {{ m.name }}{% endif %}>
        {%- if m.reasoning_content %}({{ m.reasoning_content }}){% endif -%}
        {{ m.content }}
        {%- for call in m.tool_calls or [] -%}
        <tool_call>{{ call.id }} {{ call.function.name }} {{ call.function.arguments | tojson }}</tool_call>
        {%- endfor -%}
        {%- if m.tool_call_id %} for {{ m.tool_call_id }}{% endif -%}
        ;{% endfor -%}
        {%- if enable_thinking is defined %}[thinking {{ enable_thinking }}]{% endif -%}
        {%- if add_generation_prompt %}<assistant>{% endif -%}
        """;

    private readonly string _answer;

    private ScriptedEngine(string answer) => _answer = answer;

    /// <summary>Called on the engine thread before each step, with the number of tokens that the answer has.</summary>
    public Action<int> BeforeStep { get; set; } = _ => { };

    /// <summary>What the engine was asked last.</summary>
    public GenerationRequest? Request { get; private set; }

    /// <summary>The prompt that it was asked last.</summary>
    public string Prompt => string.Concat(Request!.PromptIds.Select(id => (char)id));

    public ExecutorInfo Info { get; } = new(128, 4000, 16, 1024, true, "fake");

    public static InferenceEngine Create(string answer, out ScriptedEngine script, string template = Hermes, EngineOptions? options = null)
    {
        script = new ScriptedEngine(answer);
        var tokenizer = new AsciiTokenizer();
        ChatTemplate parsed = ChatTemplate.Parse("template", template);
        var description = new ModelDescription("Fake", "/models/scripted", 1, 1, 1, 1, 1, 128, 4000, 0, "f32", 0);
        var model = new LoadedModel(
            script, tokenizer, new RequestBuilder(tokenizer, GenerationDefaults.None, new HashSet<int> { AsciiTokenizer.Eos }), description, Describe)
        {
            ChatTemplate = () => parsed,
        };
        return new InferenceEngine(model, (options ?? new EngineOptions()) with { CheckIntegrity = true });
    }

    public StepResult Execute(BatchPlan plan)
    {
        Sequence sequence = plan.Segments[^1].Sequence;
        Request = sequence.Request;
        BeforeStep(sequence.CommittedCount);
        return new StepResult([.. plan.Segments.SelectMany(segment => Enumerable
            .Range(segment.FirstPosition + segment.FirstPredictedRow + 1 - segment.Sequence.PromptLength, segment.PredictedRows)
            .Select(index => new RowPrediction(index >= 0 && index < _answer.Length ? _answer[index] : AsciiTokenizer.Eos, -1, 1)))]);
    }

    public void CopyPage(int source, int destination)
    {
    }

    public void Dispose()
    {
    }

    private static EngineDescription Describe() => new(
        "fake", "cpu", 1, 1, CpuIsa.Auto, "fake-1", true, 16, 1024, 0, 0, 0, DeterminismMode.Invariant, DrafterKind.None,
        "fingerprint", "weights", "ascii", "config");
}
