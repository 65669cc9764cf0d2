using System.IO.Hashing;
using System.Runtime.InteropServices;
using Gpu.Kernels.Devices;
using Gpu.Training.Data;
using Gpu.Training.Models;

namespace Gpu.Training.Loop;

/// <summary>Prepares a data set for a run: limits it, splits off validation images, and checks it against the model.</summary>
internal static class TrainingData
{
    /// <summary>Applies the options and checks that the model can be trained on the data.</summary>
    /// <exception cref="TrainingException">Images or classes do not fit the model, or early stopping lacks a validation split.</exception>
    public static ImageDataset Prepare(ImageDataset data, Model model, TrainingOptions options)
    {
        var input = model.Input;
        var fits = input.IsImage
            ? (input.Height, input.Width, input.Channels) == (data.Height, data.Width, data.Channels)
            : input.Length == data.Height * data.Width * data.Channels;
        if (!fits)
        {
            throw new TrainingException(
                $"The model '{model.Name}' takes {input}, but the images of the data set '{data.Name}' are {data.Height}x{data.Width}x{data.Channels} "
                + "(height x width x channels). "
                + "Choose another model, or describe one with that input in a JSON file.");
        }

        if (model.Recipe.Loss != LossKind.SoftmaxCrossEntropy)
        {
            throw new TrainingException(
                $"The model '{model.Name}' is trained with {model.Recipe.Loss}, which takes a number for each output; a data set of classes needs the "
                + "loss softmax-cross-entropy.");
        }

        if (model.Output.Length < data.Classes)
        {
            throw new TrainingException(
                $"The model '{model.Name}' has {model.Output.Length} outputs, but the data set '{data.Name}' has {data.Classes} classes. Its last "
                + "layer must have as many outputs as there are classes.");
        }

        data = data.Limit(options.LimitTrain, options.LimitTest);
        if (options.Validation is { } share) data = data.WithValidation(share, options.Seed);
        if (options.Patience is not null && data.Validation is null)
            throw new TrainingException("patience needs a validation split: early stopping on the test images would bias the test result. "
                + "Add --validation 0.1.");
        return data;
    }

    /// <summary>Checks that a resume keeps the options that define the position within an epoch and how the weights were trained so far.</summary>
    /// <exception cref="TrainingException">One of them changed. The message names it.</exception>
    public static void RequireResumable(TrainingOptions before, TrainingOptions now)
    {
        Same("batch", before.Batch, now.Batch);
        Same("accumulate", before.Accumulate, now.Accumulate);
        Same("seed", before.Seed, now.Seed);
        Same("shuffle", before.Shuffle, now.Shuffle);
        Same("validation", before.Validation, now.Validation);
        Same("limit-train", before.LimitTrain, now.LimitTrain);
        Same("precision", before.Precision ?? MatrixPrecision.Fp32, now.Precision ?? MatrixPrecision.Fp32);
        Same("ema", before.Ema, now.Ema);
        Same("background", before.Background, now.Background);

        static void Same<T>(string name, T was, T wanted)
        {
            if (EqualityComparer<T>.Default.Equals(was, wanted)) return;
            throw new TrainingException(
                $"A resumed run cannot change {name}: it was {Text(was)}, but {Text(wanted)} was given. Omit the option, or start a new run with --init and "
                + "the last weights of this one.");
        }

        static string Text<T>(T value) => Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture) is { Length: > 0 } text ? text : "none";
    }

    /// <summary>A short text that identifies the training images: count, shape and CRC-32 of pixels and labels.</summary>
    public static string Fingerprint(ImageDataset data)
    {
        var check = new Crc32();
        check.Append(data.Train.Pixels);
        check.Append(MemoryMarshal.AsBytes(data.Train.Labels.AsSpan()));
        return $"{data.Train.Count}x{data.Height}x{data.Width}x{data.Channels}-{check.GetCurrentHashAsUInt32():x8}";
    }
}
