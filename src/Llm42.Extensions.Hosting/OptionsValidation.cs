using Microsoft.Extensions.Options;

namespace Llm42.Extensions.Hosting;

/// <summary>Refuses options that no engine could be loaded with, before a model is read.</summary>
internal sealed class OptionsValidation : IValidateOptions<Llm42Options>
{
    public ValidateOptionsResult Validate(string? name, Llm42Options options)
    {
        var of = string.IsNullOrEmpty(name) ? "" : $" of \"{name}\"";
        if (string.IsNullOrEmpty(options.ModelPath))
            return ValidateOptionsResult.Fail($"ModelPath{of} is empty; give a model directory or a GGUF file.");
        if (options.Inference is null)
            return ValidateOptionsResult.Fail($"Inference{of} is null; leave it out for the defaults.");
        try
        {
            options.Inference.Engine.Validate();
            return ValidateOptionsResult.Success;
        }
        catch (ArgumentException error)
        {
            return ValidateOptionsResult.Fail($"Inference.Engine{of}: {error.Message}");
        }
    }
}
