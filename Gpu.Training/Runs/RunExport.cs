using System.Text.Json;
using Gpu.Training.Data;
using Gpu.Training.IO;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Onnx;
using Gpu.Training.SourceCode;
using Gpu.Training.Weights;

namespace Gpu.Training.Runs;

/// <summary>The file formats of <see cref="RunExport"/>.</summary>
public enum ExportFormat
{
    /// <summary>An ONNX graph with weights.</summary>
    Onnx,

    /// <summary>The weights in the names and layouts of this program.</summary>
    SafeTensors,

    /// <summary>The weights in PyTorch's names and layouts, for <c>load_state_dict</c>.</summary>
    TorchNames,

    /// <summary>Model, classes, normalization and weights as JSON.</summary>
    Json,

    /// <summary>A C# class that needs Gpu.Kernels alone, and beside it a file <c>.weights</c>; for networks that classify images or their pixels.</summary>
    CSharp,
}

/// <summary>Writes the best weights of a run in the formats of other programs.</summary>
public static class RunExport
{
    /// <summary>The default file name of a format.</summary>
    /// <param name="run">the run</param>
    /// <param name="format">the format</param>
    public static string FileName(RunFolder run, ExportFormat format)
    {
        ArgumentNullException.ThrowIfNull(run);
        var name = RunFolder.SafeName(run.Model.Name);
        return format switch
        {
            ExportFormat.Onnx => $"{name}.onnx",
            ExportFormat.SafeTensors => $"{name}.safetensors",
            ExportFormat.TorchNames => $"{name}.torch.safetensors",
            ExportFormat.CSharp => $"{name}.cs",
            // A model file may have the name NAME.json.
            _ => $"{name}.weights.json",
        };
    }

    /// <summary>The file with the weights that <see cref="ExportFormat.CSharp"/> writes beside a file.</summary>
    /// <param name="path">the file with the class</param>
    public static string WeightsPath(string path) => ClassWriter.WeightsPath(path);

    /// <summary>Writes a file, atomically.</summary>
    /// <param name="run">the run</param>
    /// <param name="format">the format</param>
    /// <param name="path">the file</param>
    /// <param name="options">
    /// options of ONNX, of which a C# class has <see cref="OnnxOptions.FoldBatchNorm"/>; normalization and metadata are those of the run
    /// </param>
    /// <exception cref="TrainingException">the run has no weights, or they are damaged</exception>
    /// <exception cref="OnnxException">a layer has no ONNX form</exception>
    public static void Write(RunFolder run, ExportFormat format, string path, OnnxOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(run);
        var weights = ReadWeights(run);
        var metadata = Metadata(run);
        switch (format)
        {
            case ExportFormat.Onnx:
                var statistics = run.Configuration.Table is null ? run.Configuration.Normalization : null;
                options = (options ?? new OnnxOptions()) with { Normalization = statistics };
                metadata["input"] = run.Configuration.Task == TaskKind.Generation
                    ? run.Model.ConditionClasses > 0 ? "standard normal noise, then one-hot numbers of the class" : "standard normal noise"
                    : options.Input switch
                {
                    OnnxInput.Bytes => "pixels from 0 to 255, uint8; the graph normalizes",
                    OnnxInput.Unit => "pixels from 0 to 1; the graph normalizes",
                    _ => "normalized",
                };
                OnnxExporter.Write(run.Model, weights, path, options with { Metadata = metadata });
                break;
            case ExportFormat.CSharp:
                ClassWriter.Write(run, weights, path, options?.FoldBatchNorm == true);
                break;
            case ExportFormat.Json:
                AtomicFile.Write(path, stream => WriteJson(run, weights, metadata, stream));
                break;
            default:
                var writer = new SafeTensorsWriter();
                foreach (var (key, value) in metadata) writer.Metadata[key] = value;
                if (format == ExportFormat.TorchNames) TorchLayout.Write(run.Model, weights, writer);
                else foreach (var parameter in run.Model.Parameters) writer.Add(parameter.Name, parameter.Shape, weights[parameter.Name]);
                writer.Write(path);
                break;
        }
    }

    /// <summary>Reads the best weights of a run by name.</summary>
    /// <param name="run">the run</param>
    /// <exception cref="TrainingException">the run has no weights, or they are damaged</exception>
    public static IReadOnlyDictionary<string, float[]> ReadWeights(RunFolder run)
    {
        ArgumentNullException.ThrowIfNull(run);
        run.RequireBestWeights();
        try
        {
            return WeightFile.ReadAll(run.Model, run.BestWeights);
        }
        catch (SafeTensorsException e)
        {
            throw new TrainingException($"The run '{run.Path}' cannot be exported: {e.Message}", e);
        }
    }

    // What a program must know to feed the network: in every format under the same names.
    private static SortedDictionary<string, string> Metadata(RunFolder run)
    {
        var configuration = run.Configuration;
        var metadata = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["model"] = run.Model.Name,
            ["producer"] = FileOrigin.Program,
            ["dataset"] = configuration.Dataset,
            ["task"] = configuration.Task.ToString().ToLowerInvariant(),
            ["loss"] = JsonValues.EnumName(run.Model.Recipe.Loss),
            ["input_size"] = run.Model.Input.ToString(),
        };
        if (configuration.ClassNames.Count > 0) metadata[WeightMetadata.Classes] = JsonSerializer.Serialize(configuration.ClassNames);
        if (configuration.Table is { } table)
        {
            metadata["columns"] = JsonSerializer.Serialize(table.Columns.Select(column => column.Name));
            metadata["table"] = JsonSerializer.Serialize(table, new JsonSerializerOptions { PropertyNamingPolicy = JsonNamingPolicy.CamelCase });
            return metadata;
        }

        var (mean, deviation) = configuration.Normalization;
        metadata["channel_order"] = mean.Length == 1 ? "gray" : "RGB";
        metadata[WeightMetadata.Mean] = WeightMetadata.Numbers(mean);
        metadata[WeightMetadata.Deviation] = WeightMetadata.Numbers(deviation);
        metadata["normalization"] = "(pixel / 255 - mean) / deviation";
        if (configuration.Transform is { } transform)
        {
            metadata["resize"] = $"{transform.Height}x{transform.Width}";
            metadata["resize_fit"] = transform.Fit.ToString().ToLowerInvariant();
        }

        return metadata;
    }

    private static void WriteJson(
        RunFolder run, IReadOnlyDictionary<string, float[]> weights, IReadOnlyDictionary<string, string> metadata, Stream stream)
    {
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = false });
        json.WriteStartObject();
        json.WriteStartObject("metadata");
        foreach (var (key, value) in metadata) json.WriteString(key, value);
        json.WriteEndObject();
        json.WritePropertyName("model");
        json.WriteRawValue(Models.ModelFile.Write(run.Model));
        json.WriteStartObject("weights");
        foreach (var parameter in run.Model.Parameters)
        {
            json.WriteStartObject(parameter.Name);
            json.WriteStartArray("shape");
            foreach (var extent in parameter.Shape) json.WriteNumberValue(extent);
            json.WriteEndArray();
            json.WriteStartArray("values");
            foreach (var value in weights[parameter.Name]) json.WriteNumberValue(value);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }
}
