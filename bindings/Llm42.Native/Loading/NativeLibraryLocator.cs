using System.Runtime.InteropServices;

namespace Llm42.Native.Loading;

/// <summary>Where the native library may be.</summary>
internal static class NativeLibraryLocator
{
    /// <summary>Environment variable that names the library, or the folder that holds it.</summary>
    public const string PathVariable = "LLM42_NATIVE_PATH";

    /// <summary>File name of the library on this system.</summary>
    public static string FileName =>
        OperatingSystem.IsWindows() ? "libllm42.dll" : OperatingSystem.IsMacOS() ? "libllm42.dylib" : "libllm42.so";

    /// <summary>
    /// Files to try, in order. A path that the user names is the only one: to load another library instead would hide
    /// a mistake. A name without a folder leaves the search to the runtime and the system.
    /// </summary>
    public static IReadOnlyList<string> Candidates(string? namedPath, IEnumerable<string> assemblyFolders)
    {
        if (!string.IsNullOrEmpty(namedPath))
        {
            return [Directory.Exists(namedPath) ? Path.Combine(namedPath, FileName) : Path.GetFullPath(namedPath)];
        }

        List<string> candidates = [];
        foreach (string folder in assemblyFolders.Where(folder => folder.Length > 0).Distinct())
        {
            candidates.Add(Path.Combine(folder, FileName));
            candidates.Add(Path.Combine(folder, "runtimes", RuntimeInformation.RuntimeIdentifier, "native", FileName));
            candidates.Add(Path.Combine(folder, "runtimes", PortableIdentifier, "native", FileName));
        }

        candidates.Add(FileName);
        return [.. candidates.Distinct()];
    }

    private static string PortableIdentifier
    {
        get
        {
            string system = OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux";
            return $"{system}-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}";
        }
    }
}
