using Llm42.Generation;
using Llm42.Runtime;
using Llm42.Tokenization;

namespace Llm42;

/// <summary>A model on its device, ready for an engine.</summary>
internal sealed record LoadedModel(
    NativeModelExecutor Executor,
    ITokenizer? Tokenizer,
    RequestBuilder Requests,
    ModelDescription Description,
    string Fingerprint);
